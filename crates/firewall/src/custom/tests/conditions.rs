//! Every variable, operator and transform.

use super::*;
use Operator::*;
use Variable::*;

/// Whether a condition holds for a request whose body was read.
fn holds(condition: ConditionSpec, sent: Sent<'_>) -> bool {
    let rules = Rules::new(&[rule("r", 1, Action::Block, vec![condition])]).unwrap();
    let world = World::new();
    let (step, told) = sent.step(&rules, Place::default(), true, &world.around(Mode::Prevention));
    assert_eq!(told.len(), usize::from(step == Step::Ended(Ending::Block)));
    step == Step::Ended(Ending::Block)
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");

#[test]
fn a_variable_is_its_part_of_the_request() {
    let sent = Sent {
        method: "POST",
        target: "/a%20b?name=J%2bo+e&empty&x=1&x=2",
        client: "::ffff:198.51.100.7",
        headers: &[
            ("User-Agent", "curl"),
            ("X-A", "one"),
            ("x-a", "two"),
            ("Cookie", "s=abc; t = d"),
            ("cookie", "u=e"),
            FORM,
        ],
        arguments: &[("field", "value"), ("json.x", "form")],
        body: "field=value&json.x=form",
    };
    for (variable, selector, value, wanted) in [
        (RemoteAddr, "", "198.51.100.7", true),
        (RemoteAddr, "", "::ffff:198.51.100.7", false),
        (RequestMethod, "", "POST", true),
        (RequestMethod, "", "post", false),
        (RequestUri, "", "/a%20b?name=J%2bo+e&empty&x=1&x=2", true),
        (RequestUri, "", "/a b", false),
        (QueryString, "name", "J+o e", true),
        (QueryString, "name", "J%2bo+e", false),
        (QueryString, "NAME", "J+o e", false),
        (QueryString, "empty", "", true),
        (QueryString, "missing", "", false),
        (QueryString, "x", "2", true),
        (QueryString, "", "2", true),
        (QueryString, "", "x", false),
        (RequestHeaders, "user-AGENT", "curl", true),
        (RequestHeaders, "X-A", "two", true),
        (RequestHeaders, "", "two", true),
        (RequestHeaders, "", "x-a", false),
        (RequestCookies, "s", "abc", true),
        (RequestCookies, "S", "abc", false),
        (RequestCookies, "u", "e", true),
        (RequestCookies, "", "abc", true),
        (RequestCookies, "s", "d", false),
        (PostArgs, "field", "value", true),
        (PostArgs, "Field", "value", false),
        (PostArgs, "x", "form", false),
        (PostArgs, "", "value", true),
        (RequestBody, "", "field=value&json.x=form", true),
    ] {
        assert_eq!(
            holds(condition(variable, selector, Equal, &[value]), sent),
            wanted,
            "{variable:?}:{selector} {value}"
        );
    }
}

/// `PostArgs` of forms, multipart and JSON; `RequestBody` of forms and XML.
#[test]
fn what_of_a_body_is_seen_depends_on_its_content_type() {
    for (content_type, arguments, text) in [
        ("application/x-www-form-urlencoded", true, true),
        ("Multipart/Form-Data; boundary=x", true, false),
        ("application/json", true, false),
        ("application/problem+json", true, false),
        ("application/xml", false, true),
        ("text/xml; charset=utf-8", false, true),
        ("application/soap+xml", false, true),
        ("image/svg+xml", false, false),
        ("text/plain", false, false),
        ("application/jsonp", false, false),
        ("", false, false),
    ] {
        let sent = Sent { headers: &[("content-type", content_type)], arguments: &[("a", "b")], body: "text", ..GET };
        assert_eq!(holds(condition(PostArgs, "a", Equal, &["b"]), sent), arguments, "PostArgs of {content_type}");
        assert_eq!(holds(condition(RequestBody, "", Equal, &["text"]), sent), text, "RequestBody of {content_type}");
    }
}

#[test]
fn a_field_of_json_goes_by_its_key_and_by_its_path() {
    let sent = Sent { headers: &[("Content-Type", "application/json")], arguments: &[("a.b", "1")], ..GET };
    for (selector, wanted) in [("json.a.b", true), ("a.b", true), ("b", false), ("json", false)] {
        assert_eq!(holds(condition(PostArgs, selector, Equal, &["1"]), sent), wanted, "{selector}");
    }
}

#[test]
fn an_operator_compares_as_its_name_says() {
    for (operator, values, text, wanted) in [
        (Equal, &["abc"][..], "abc", true),
        (Equal, &["ABC", "ab"], "abc", false),
        (Equal, &["x", "abc"], "abc", true),
        (Contains, &["b"], "abc", true),
        (Contains, &["x", "B"], "abc", false),
        (Contains, &[""], "abc", true),
        (BeginsWith, &["ab"], "abc", true),
        (BeginsWith, &["bc"], "abc", false),
        (EndsWith, &["bc"], "abc", true),
        (EndsWith, &["ab"], "abc", false),
        (LessThan, &["4"], "abc", true),
        (LessThan, &["3"], "abc", false),
        (LessThanOrEqual, &["3"], "abc", true),
        (LessThanOrEqual, &["2"], "abc", false),
        (GreaterThan, &["2"], "abc", true),
        (GreaterThan, &["3"], "abc", false),
        (GreaterThan, &["9", "2"], "abc", true),
        (GreaterThanOrEqual, &[" 3 "], "abc", true),
        (GreaterThanOrEqual, &["4"], "abc", false),
        (Regex, &["b"], "abc", true),
        (Regex, &["^b"], "abc", false),
        (Regex, &["x", "^a.c$"], "abc", true),
        (Regex, &["A"], "abc", false),
        (Regex, &["(?i)A"], "abc", true),
        (Regex, &["^a(?!x)"], "abc", true),
        (Regex, &["^%{2}$"], "%%", true),
        (Regex, &["^\\%{tx.a}$"], "%{tx.a}", true),
        (Regex, &["^\\\\%{1}$"], "\\%", true),
        (Regex, &["^[%{]$"], "{", true),
        (Any, &[], "", true),
        (Any, &[".*"], "abc", true),
    ] {
        let sent = Sent { headers: &[("X", text)], ..GET };
        assert_eq!(
            holds(condition(RequestHeaders, "x", operator, values), sent),
            wanted,
            "{operator:?} {values:?} {text}"
        );
    }
}

#[test]
fn addresses_are_of_networks_and_countries() {
    for (operator, values, client, wanted) in [
        (IpMatch, &["192.0.2.0/24"][..], "192.0.2.9", true),
        (IpMatch, &["192.0.2.0/24"], "::ffff:192.0.2.9", true),
        (IpMatch, &["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", true),
        (IpMatch, &["192.0.2.8"], "192.0.2.9", false),
        (IpMatch, &["255.255.255.255/32"], "192.0.2.9", false),
        (GeoMatch, &["DE"], "198.51.100.1", true),
        (GeoMatch, &["de", "FR"], "::ffff:198.51.100.1", true),
        (GeoMatch, &["FR"], "198.51.100.1", false),
        (GeoMatch, &["ZZ"], "192.0.2.1", true),
        (Equal, &["192.0.2.9"], "192.0.2.9", true),
        (Any, &[], "192.0.2.9", true),
    ] {
        let sent = Sent { client, ..GET };
        assert_eq!(
            holds(condition(RemoteAddr, "", operator, values), sent),
            wanted,
            "{operator:?} {values:?} {client}"
        );
    }
}

#[test]
fn transforms_change_the_request_s_value_in_their_order() {
    use Transform::*;
    for (transforms, text, equal) in [
        (&[Uppercase][..], "aé", "Aé"),
        (&[Lowercase], "AbC", "abc"),
        (&[Trim], " \ta b ", "a b"),
        (&[UrlDecode], "a%20b+c%zz", "a b c%zz"),
        (&[UrlEncode], "a b<", "a+b%3c"),
        (&[RemoveNulls], "a\0b", "ab"),
        (&[HtmlEntityDecode], "&lt;a&#62;", "<a>"),
        (&[UrlDecode, UrlDecode], "%2541", "A"),
        (&[UrlDecode, Lowercase], "%41", "a"),
        (&[Lowercase, UrlDecode], "%41", "A"),
        (&[], " A", " A"),
    ] {
        let spec = ConditionSpec { transforms: transforms.to_vec(), ..condition(RequestHeaders, "x", Equal, &[equal]) };
        assert!(holds(spec.clone(), Sent { headers: &[("X", text)], ..GET }), "{transforms:?} {text}");
        assert!(!holds(spec, Sent { headers: &[("X", "something else")], ..GET }), "{transforms:?}");
    }
    // The values of the rule stay as they are written.
    let spec = ConditionSpec { transforms: vec![Lowercase], ..condition(RequestHeaders, "x", Equal, &["ABC"]) };
    assert!(!holds(spec, Sent { headers: &[("X", "ABC")], ..GET }));
    let spec = ConditionSpec { transforms: vec![Uppercase], ..condition(RemoteAddr, "", IpMatch, &["2001:db8::/32"]) };
    assert!(holds(spec, Sent { client: "2001:db8::a", ..GET }));
}

#[test]
fn a_negated_condition_holds_when_nothing_matches() {
    let header: &[(&str, &str)] = &[("X-Azure-FDID", "mine"), ("Other", "a")];
    for (operator, selector, value, wanted) in [
        (Equal, "X-Azure-FDID", "mine", false),
        (Equal, "X-Azure-FDID", "yours", true),
        (Equal, "Missing", "mine", true),
        (Any, "Missing", "", true),
        (Any, "Other", "", false),
        (Equal, "", "a", false),
        (Equal, "", "b", true),
    ] {
        let spec = ConditionSpec { negated: true, ..condition(RequestHeaders, selector, operator, &[value]) };
        assert_eq!(holds(spec, Sent { headers: header, ..GET }), wanted, "{operator:?} {selector} {value}");
    }
    let nobody = ConditionSpec { negated: true, ..condition(RemoteAddr, "", IpMatch, &["255.255.255.255/32"]) };
    assert!(holds(nobody, GET), "how rate limits write that all requests match");
}

#[test]
fn any_asks_whether_there_is_a_part() {
    for (variable, selector, sent, wanted) in [
        (QueryString, "", GET, false),
        (QueryString, "", Sent { target: "/?", ..GET }, false),
        (QueryString, "a", Sent { target: "/?a", ..GET }, true),
        (RequestCookies, "", GET, false),
        (RequestCookies, "", Sent { headers: &[("Cookie", " ;; ")], ..GET }, false),
        (RequestHeaders, "", GET, false),
        (RequestBody, "", Sent { headers: &[FORM], ..GET }, false),
        (RequestBody, "", Sent { headers: &[FORM], body: "a", ..GET }, true),
        (PostArgs, "", Sent { headers: &[FORM], ..GET }, false),
        (RequestUri, "", GET, true),
        (RequestMethod, "", GET, true),
    ] {
        assert_eq!(
            holds(condition(variable, selector, Any, &[]), sent),
            wanted,
            "{variable:?}:{selector} {}",
            sent.target
        );
    }
}

#[test]
fn variables_of_a_condition_are_alternatives() {
    let mut spec = condition(RequestHeaders, "A", Equal, &["1"]);
    spec.variables.push((RequestHeaders, Some("B".to_owned())));
    // What templates write where they mean no selector.
    spec.variables.push((RequestMethod, Some(String::new())));
    for (headers, wanted) in [(&[("A", "1")][..], true), (&[("B", "1")], true), (&[("C", "1")], false), (&[], false)] {
        assert_eq!(holds(spec.clone(), Sent { headers, ..GET }), wanted, "{headers:?}");
        let negated = ConditionSpec { negated: true, ..spec.clone() };
        assert_eq!(holds(negated, Sent { headers, ..GET }), !wanted, "not {headers:?}");
    }
    assert!(holds(spec, Sent { method: "1", ..GET }));
}

/// Whatever bytes stand where rules look, rules answer.
#[test]
fn bytes_of_any_kind_are_survived() {
    let variables =
        [RemoteAddr, RequestMethod, QueryString, PostArgs, RequestUri, RequestHeaders, RequestBody, RequestCookies];
    let rules: Vec<RuleSpec> = (0_i64..)
        .zip(variables)
        .map(|(priority, variable)| {
            let mut spec = condition(variable, "", Regex, &["never^"]);
            spec.transforms =
                vec![Transform::UrlDecode, Transform::HtmlEntityDecode, Transform::UrlEncode, Transform::Trim];
            rule(&priority.to_string(), priority, Action::Block, vec![spec])
        })
        .collect();
    let rules = Rules::new(&rules).unwrap();
    let world = World::new();
    for byte in 0..=u8::MAX {
        for text in
            [vec![byte], vec![byte, b'='], vec![b'?', byte, b'&', byte], vec![b'%', byte], vec![b'&', byte, b';']]
        {
            let names = ["Cookie", "X-Forwarded-For", "Content-Type", "Origin", "Content-Length"];
            let headers: Vec<(&[u8], &[u8])> = names.iter().map(|name| (name.as_bytes(), &*text)).collect();
            let request = Request {
                method: &text,
                target: &text,
                protocol: "",
                client: [192, 0, 2, 1].into(),
                client_port: 0,
                headers: &headers,
                id: "",
            };
            let arguments = vec![(text.clone(), text.clone())];
            let body = Body { bytes: &text, arguments: &arguments };
            let around = world.around(Mode::Prevention);
            assert_eq!(rules.step(Place::default(), &request, Some(body), &around, &mut Vec::new()), Step::Through);
            let group = crate::rate::GroupBy::ForwardedClient.group(&request, &Germany);
            assert_eq!(group, crate::rate::Group::Address(request.client));
            let decision = world.clearances.decide(crate::challenge::Kind::Script, &request, None, around.now);
            assert_eq!(decision, crate::challenge::Decision::Issue);
        }
    }
}
