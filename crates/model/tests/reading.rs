//! From text to document: the forms, the tolerance, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests; a failure is meant to end the test")]

use model::backend_http_settings::Protocol;
use model::extension::PathMatching;
use model::{Document, Form, Problems, ReadOptions, Reading, Source, read};

const GATEWAY_ID: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/gw";

fn reading(texts: &[&str]) -> Reading {
    let sources: Vec<Source> =
        texts.iter().enumerate().map(|(at, text)| Source::new(format!("t{at}"), *text)).collect();
    read(&sources, &ReadOptions::default())
}

fn document(text: &str) -> Document {
    let reading = reading(&[text]);
    assert!(reading.problems.is_empty(), "{text}: {:?}", reading.problems);
    reading.document.unwrap()
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_form_gives_the_same_document() {
    let resource = r#"{"name": "gw", "type": "microsoft.network/APPLICATIONGATEWAYS", "properties": {
        "frontendPorts": [{"name": "p80", "properties": {"port": 80}}],
        "httpListeners": [{"name": "l1", "etag": "W/1", "properties": {"protocol": "Http", "frontendPort": {"id": "ID/frontendPorts/p80"}}}]}}"#;
    let flat = r#"{"name": "gw", "resourceGroup": "rg", "frontendPorts": [{"name": "p80", "port": 80, "resourceGroup": "rg"}],
        "httpListeners": [{"name": "l1", "protocol": "Http", "frontendPort": {"id": "ID/frontendPorts/p80", "resourceGroup": "rg"}}]}"#;
    let mixed = r#"{"name": "gw", "Properties": {"FrontendPorts": [{"name": "p80", "Port": "80"}]},
        "httpListeners": [{"Id": "ID/httpListeners/l1", "properties": {"Protocol": "HTTP"}, "frontendPort": "p80"}]}"#;
    let yaml = "name: gw\nfrontendPorts:\n  - {name: p80, port: 80}\nhttpListeners:\n  - name: l1\n    protocol: http\n    frontendPort: /frontendPorts/p80\n";
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {"p": {"type": "int", "defaultValue": 80}}, "resources": [
        {"type": "Microsoft.Network/virtualNetworks", "name": "v", "properties": {}},
        {"type": "Microsoft.Network/applicationGateways", "apiVersion": "2024-05-01", "name": "gw", "properties": {
          "frontendPorts": [{"name": "p80", "properties": {"port": "[parameters('p')]"}}],
          "httpListeners": [{"name": "l1", "properties": {"protocol": "Http",
            "frontendPort": {"id": "[resourceId('Microsoft.Network/applicationGateways/frontendPorts', 'gw', 'p80')]"}}}]}}]}"#;
    let request = format!(
        "{{\"method\": \"PUT\", \"path\": \"{GATEWAY_ID}?api-version=1\", \"body\": {}}}",
        resource.replace("\"name\": \"gw\", ", "")
    );
    let deployment = format!(
        "{{\"properties\": {{\"mode\": \"Incremental\", \"parameters\": {{\"p\": {{\"value\": 80}}}}, \"template\": {template}}}}}"
    );
    let list = format!("{{\"value\": [{resource}]}}");
    let rows: &[(&str, &str, Form)] = &[
        ("resource", resource, Form::Resource),
        ("flat", flat, Form::Flat),
        ("mixed", mixed, Form::Resource),
        ("yaml", yaml, Form::Flat),
        ("template", template, Form::Template),
        ("request", &request, Form::Resource),
        ("deployment", &deployment, Form::Template),
        ("list", &list, Form::Resource),
    ];
    for (name, text, form) in rows {
        let document = document(&text.replace("ID", GATEWAY_ID).replace("\"GATEWAY_", "\""));
        assert_eq!((document.name(), document.form), ("gw", *form), "{name}");
        let listener = &document.gateway.http_listeners[0];
        assert_eq!(listener.protocol.as_ref().unwrap().value, Protocol::Http, "{name}");
        assert_eq!(document.gateway.frontend_ports[0].port.as_ref().unwrap().value, 80, "{name}");
        let mut problems = Problems::new();
        let port = listener.frontend_port.as_ref().unwrap();
        assert_eq!(
            document.gateway.frontend_ports.resolve(port, document.name(), &mut problems),
            Some(0),
            "{name}: {problems:?}"
        );
    }
}

#[test]
fn parameters_of_the_caller_win_over_those_of_files() {
    let template = r#"{"$schema": "deploymentTemplate.json#", "parameters": {"n": {"type": "string"}},
        "resources": [{"type": "Microsoft.Network/applicationGateways", "name": "[parameters('n')]"}]}"#;
    let file = "$schema: deploymentParameters.json#\nparameters: {n: {value: fromFile}}";
    assert_eq!(reading(&[template, file]).document.unwrap().name(), "fromFile");

    let mut sources = model::Sources::default();
    let mut problems = Problems::new();
    let site = model::site::read_site(Source::new("site", "parameters: {n: fromSite}"), &mut sources, &mut problems);
    let options = ReadOptions { parameters: site.unwrap().parameters, ..ReadOptions::default() };
    let reading = read(&[Source::new("t", template), Source::new("f", file)], &options);
    assert_eq!(reading.document.unwrap().name(), "fromSite");

    let site = model::site::read_site(Source::new("site", "parameters: {n: [1]}"), &mut sources, &mut problems);
    let options = ReadOptions { parameters: site.unwrap().parameters, ..ReadOptions::default() };
    let problems = read(&[Source::new("t", template)], &options).problems;
    let wrong = problems.iter().next().unwrap();
    assert_eq!((wrong.code, wrong.path.as_str(), wrong.span), ("ParameterValue", "parameters.n", None));
}

#[test]
fn policies_stand_in_the_same_text_or_beside_it_and_are_found_by_reference() {
    let gateway = r#"{"name": "gw", "frontendPorts": [], "firewallPolicy": {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/waf"}}"#;
    let policy = "managedRules:\n  managedRuleSets:\n    - {ruleSetType: OWASP, ruleSetVersion: 3.2}\nname: WAF\n";
    for texts in [
        &[gateway, policy][..],
        &[&format!("[{gateway}, {{\"name\": \"waf\", \"managedRules\": {{\"managedRuleSets\": []}}}}]")],
    ] {
        let reading = reading(texts);
        assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        let document = reading.document.unwrap();
        let mut problems = Problems::new();
        let reference = document.gateway.firewall_policy.as_ref().unwrap();
        assert_eq!(document.resolve_policy(reference, &mut problems), Some(0));
    }
    let set = &reading(&[gateway, policy]).document.unwrap().policies[0].properties.managed_rules.clone().unwrap();
    assert_eq!(set.managed_rule_sets[0].rule_set_version.as_ref().unwrap().value, "3.2");
}

#[test]
fn mistakes_are_all_reported_with_path_and_suggestion() {
    let rows: &[(&str, &[&str])] = &[
        (
            r#"{"frontendPorts": [{"name": "p", "properties": {"prt": 80}}]}"#,
            &[
                r#"frontendPorts[0].properties.prt: this gateway knows no property "prt" of frontendPorts; it is ignored. Did you mean "port"? (UnknownProperty)"#,
            ],
        ),
        (
            r#"{"httpListeners": [{"name": "l", "protocol": "Htps"}]}"#,
            &[
                r#"httpListeners[0].protocol: this value is not one of those allowed here; found "Htps", expected one of "Http", "Https", "Tcp", "Tls". Did you mean "Https"? (UnknownValue)"#,
            ],
        ),
        (
            r#"{"frontendPorts": [{"name": "p", "port": true}, {"name": "P"}, {"port": 1}], "probes": {}}"#,
            &[
                "frontendPorts[0].port: this should be a whole number; found true, expected a whole number (TypeMismatch)",
                r#"frontendPorts[1].name: two members of frontendPorts are called "P"; the other one is frontendPorts[0].name (DuplicateName)"#,
                r#"frontendPorts[2]: this member of frontendPorts has no name; expected the property "name" (MissingName)"#,
                "probes: this should be a list of objects; found an object, expected a list of objects (TypeMismatch)",
            ],
        ),
        (
            r#"{"frontendPorts": [{"name": "p", "Port": 80, "properties": {"port": 81}}]}"#,
            &[
                r#"frontendPorts[0].properties.port: "port" is given twice, in two spellings or at two levels; the first one counts (DuplicateKey)"#,
            ],
        ),
        (
            r#"{"backendHttpSettingsCollection": [{"name": "s", "connectionDraining": {"enabled": true}, "probe": {}}]}"#,
            &[
                r#"backendHttpSettingsCollection[0].connectionDraining: "drainTimeoutInSec" has to be given here; expected the property "drainTimeoutInSec" (MissingProperty)"#,
                "backendHttpSettingsCollection[0].probe: this reference has no id; it counts as absent (EmptyReference)",
            ],
        ),
        (
            r#"{"frontendPorts": [{"name": "p", "id": "frontendPorts/q"}]}"#,
            &[r#"frontendPorts[0].id: the id ends in "q", but the name is "p"; the name counts (IdMismatch)"#],
        ),
        (
            r#"{"httpListeners": [{"name": "l", "frontendPort": {"id": "[resourceId('a/b', 'c')]"}}]}"#,
            &[
                "httpListeners[0].frontendPort.id: this is a template expression, but the document is not a template (ExpressionOutsideTemplate)",
            ],
        ),
        (
            r#"{"probes": [{"name": "p", "gatehouse": {"hostport": true, "agent": "x"}}], "urlPathMaps": [], "gatehouse": {"pathMatching": "longest"}}"#,
            &[
                r#"probes[0].gatehouse.agent: this gateway knows no property "agent" of this object; it is ignored (UnknownProperty)"#,
                r#"gatehouse.pathMatching: this value is not one of those allowed here; found "longest", expected one of "listOrder", "exactFirst", "longestPrefix". Did you mean "longestPrefix"? (UnknownValue)"#,
            ],
        ),
        (
            r#"[{"name": "a", "frontendPorts": []}, {"name": "b", "frontendPorts": []}]"#,
            &[r#"[1]: the sources hold 2 application gateways: "a", "b" (SeveralGateways)"#],
        ),
        (
            "hello",
            &[
                "this is neither a resource this gateway runs nor a template; found a string, expected an application gateway, a firewall policy, a template, or a list of them (UnknownForm)",
            ],
        ),
        (
            "",
            &[
                "no application gateway was found in what was given; expected a resource of type Microsoft.Network/applicationGateways (GatewayMissing)",
            ],
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(lines(&reading(&[text]).problems), *expected, "{text}");
    }
}

#[test]
fn a_gateway_can_be_chosen_by_name() {
    let text = Source::new("t", r#"[{"name": "a", "frontendPorts": []}, {"name": "b", "frontendPorts": []}]"#);
    let choose = |name: &str| {
        read(std::slice::from_ref(&text), &ReadOptions { gateway: Some(name.to_owned()), ..ReadOptions::default() })
    };
    assert_eq!(choose("B").document.unwrap().name(), "b");
    assert_eq!(
        lines(&choose("c").problems)[0],
        r#"no application gateway is named "c"; expected one of "a", "b". Did you mean "a"? (GatewayMissing)"#
    );
}

#[test]
fn extensions_stand_in_the_resource_or_its_properties() {
    for text in [
        r#"{"gatehouse": {"pathMatching": "exactFirst", "limits": {"maxUrlBytes": 9}}, "urlPathMaps": [{"name": "m", "gatehouse": {"pathMatching": "listorder"}}]}"#,
        r#"{"properties": {"gatehouse": {"pathMatching": "exactFirst", "limits": {"maxUrlBytes": 9}}, "urlPathMaps": [{"name": "m", "properties": {"gatehouse": {"pathMatching": "listOrder"}}}], "probes": []}}"#,
    ] {
        let text = text.replacen("\"urlPathMaps\"", "\"frontendPorts\": [], \"urlPathMaps\"", 1);
        let document = document(&text);
        assert_eq!(document.gateway.gatehouse.path_matching.as_ref().unwrap().value, PathMatching::ExactFirst);
        assert_eq!(document.gateway.gatehouse.limits.as_ref().unwrap().max_url_bytes.as_ref().unwrap().value, 9);
        assert_eq!(
            document.gateway.url_path_maps[0].gatehouse.path_matching.as_ref().unwrap().value,
            PathMatching::ListOrder
        );
    }
}

#[test]
fn references_that_lead_nowhere_say_what_there_is() {
    let rows = [
        (
            "prt80",
            r#"httpListeners[0].frontendPort: no member of frontendPorts is named "prt80"; found "prt80", expected one of "port80", "port443". Did you mean "port80"? (ReferenceNotFound)"#,
        ),
        (
            "probes/port80",
            r#"httpListeners[0].frontendPort: this points at a member of probes, but it should be one of frontendPorts; found "probes/port80", expected "frontendPorts/<name>". Did you mean "frontendPorts/port80"? (ReferenceWrongKind)"#,
        ),
        (
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/other/frontendPorts/port80",
            r#"httpListeners[0].frontendPort: this points into the gateway "other", but the document is of "gw" (ReferenceToOtherGateway)"#,
        ),
        (
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v",
            r#"httpListeners[0].frontendPort: this should point at a member of frontendPorts of this gateway; found "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v" (ReferenceWrongKind)"#,
        ),
    ];
    for (text, expected) in rows {
        let document = document(&format!(
            r#"{{"name": "gw", "frontendPorts": [{{"name": "port80"}}, {{"name": "port443"}}], "httpListeners": [{{"name": "l", "frontendPort": "{text}"}}]}}"#
        ));
        let mut problems = Problems::new();
        let reference = document.gateway.http_listeners[0].frontend_port.as_ref().unwrap();
        assert_eq!(document.gateway.frontend_ports.resolve(reference, "gw", &mut problems), None);
        assert_eq!(lines(&problems), [expected]);
    }
}

#[test]
fn no_message_and_no_debug_output_holds_a_secret() {
    let text = r#"{"sslCertificates": [{"name": "c", "password": "hunter2", "data": ["hunter2"]}, {"name": "hunter2"}, {"name": "hunter2"}], "httpListeners": []}"#;
    let reading = reading(&[text]);
    assert!(reading.problems.len() >= 2);
    let all =
        lines(&reading.problems).join("\n") + &format!("{:?}", reading.document.unwrap().gateway.ssl_certificates[0]);
    assert!(!all.contains("hunter2"), "{all}");
}
