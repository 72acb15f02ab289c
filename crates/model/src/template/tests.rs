use super::*;
use crate::export::to_compact_json;
use crate::form;
use crate::source::Source;
use crate::syntax;

/// Works out a template and gives back its gateways as JSON, and its problems as `line:column code message`.
fn run(template: &str) -> (Vec<String>, Vec<String>) {
    run_with(&[template])
}

fn run_with(texts: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut sources = Sources::new(texts.iter().map(|text| Source::new("t", *text)).collect());
    let mut problems = Problems::new();
    let mut roots = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let source = Source::new("t", *text);
        let mut nodes = syntax::parse(&source, u32::try_from(index).unwrap(), &mut problems);
        nodes.iter_mut().for_each(|node| syntax::mark_secrets(node, &mut sources));
        roots.extend(nodes);
    }
    let found = form::resources(&roots, &ReadOptions::default(), &mut sources, &mut problems);
    let texts = found.iter().map(|found| to_compact_json(&found.node)).collect();
    let problems = problems.iter().map(|problem| {
        let (line, column) =
            problem.span.map_or((0, 0), |span| sources.get(span.source).unwrap().line_column(span.start as usize));
        format!("{line}:{column} {} {problem}", problem.code)
    });
    (texts, problems.collect())
}

/// A template whose gateway carries one expression as a tag.
fn with_tag(expression: &str, more: &str) -> String {
    let tag = expression.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "{{\"$schema\": \"deploymentTemplate.json#\",{more}\n\"resources\": [{{\"type\": \"Microsoft.Network/applicationGateways\",\n\
         \"name\": \"gw\",\n\"tags\":\n\"{tag}\"\n}}]}}"
    )
}

fn value_of(expression: &str, more: &str) -> String {
    let (found, problems) = run(&with_tag(expression, more));
    assert!(problems.is_empty(), "{expression}: {problems:?}");
    let prefix = "{\"type\":\"Microsoft.Network/applicationGateways\",\"name\":\"gw\",\"tags\":";
    found[0].strip_prefix(prefix).unwrap().strip_suffix('}').unwrap().to_owned()
}

#[test]
fn functions_give_what_azure_documents() {
    const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000000";
    let rg = format!("{SUB}/resourceGroups/resource-group");
    let rows: &[(&str, &str)] = &[
        ("plain", "\"plain\""),
        ("[[literal]", "\"[literal]\""),
        ("[concat('a', 1, true())]", "\"a1True\""),
        ("[concat(createArray(1), createArray(2))]", "[1,2]"),
        ("[format('{0}-{1:D3}{{x}}', 'a', 7)]", "\"a-007{x}\""),
        ("[toLower('AbC')]", "\"abc\""),
        ("[toUpper('AbC')]", "\"ABC\""),
        ("[trim('  a ')]", "\"a\""),
        ("[replace('a-b-c', '-', '')]", "\"abc\""),
        ("[split('a,b;c', createArray(',', ';'))]", "[\"a\",\"b\",\"c\"]"),
        ("[join(createArray('a', 'b'), '/')]", "\"a/b\""),
        ("[substring('abcdef', 1, 3)]", "\"bcd\""),
        ("[substring('abcdef', 4)]", "\"ef\""),
        ("[padLeft(5, 3, '0')]", "\"005\""),
        ("[startsWith('Hello', 'hE')]", "true"),
        ("[endsWith('Hello', 'LO')]", "true"),
        ("[indexOf('abcB', 'B')]", "1"),
        ("[lastIndexOf('abcB', 'b')]", "3"),
        ("[string(createObject('a', createArray(1, null())))]", "\"{\\\"a\\\":[1,null]}\""),
        ("[base64('hello')]", "\"aGVsbG8=\""),
        ("[base64ToString('aGVsbG8=')]", "\"hello\""),
        ("[base64ToString(base64('ab'))]", "\"ab\""),
        ("[base64ToJson(base64('{\"a\":1}'))]", "{\"a\":1}"),
        ("[json('{\"a\":[1,2.50]}').a[1]]", "2.50"),
        ("[json('null')]", "null"),
        ("[uri('http://h/a/b', 'c')]", "\"http://h/a/c\""),
        ("[uri('http://h', 'c')]", "\"http://h/c\""),
        ("[uri('http://h/a', '/c')]", "\"http://h/c\""),
        ("[uriComponent('a b/ü')]", "\"a%20b%2F%C3%BC\""),
        ("[uriComponentToString('a%20b')]", "\"a b\""),
        ("[length(uniqueString('a', 'b'))]", "13"),
        ("[equals(uniqueString('a'), uniqueString('b'))]", "false"),
        ("[length(guid('a'))]", "36"),
        ("[createObject('a', 1, 'b', createArray())]", "{\"a\":1,\"b\":[]}"),
        ("[array('a')]", "[\"a\"]"),
        ("[union(createArray(1, 2), createArray(2, 3))]", "[1,2,3]"),
        ("[union(json('{\"a\":{\"x\":1}}'), json('{\"a\":{\"y\":2}}'))]", "{\"a\":{\"x\":1,\"y\":2}}"),
        ("[intersection(createArray(1, 2), createArray(2, 3))]", "[2]"),
        ("[length('abc')]", "3"),
        ("[empty(createArray())]", "true"),
        ("[first('abc')]", "\"a\""),
        ("[last(createArray(1, 2))]", "2"),
        ("[first(createArray())]", "null"),
        ("[contains(createObject('Key', 1), 'key')]", "true"),
        ("[contains('abc', 'B')]", "false"),
        ("[range(5, 3)]", "[5,6,7]"),
        ("[take('abc', 2)]", "\"ab\""),
        ("[skip(range(0, 3), 5)]", "[]"),
        ("[take(range(0, 3), -1)]", "[]"),
        ("[items(createObject('b', 1, 'a', 2))[0]]", "{\"key\":\"a\",\"value\":2}"),
        ("[objectKeys(createObject('b', 1))]", "[\"b\"]"),
        ("[flatten(createArray(range(0, 2), range(2, 1)))]", "[0,1,2]"),
        ("[map(range(0, 2), lambda('i', format('n{0}', lambdaVariables('i'))))]", "[\"n0\",\"n1\"]"),
        ("[filter(range(0, 4), lambda('i', greater(lambdaVariables('i'), 1)))]", "[2,3]"),
        ("[toObject(createArray('a'), lambda('x', lambdaVariables('x')), lambda('x', 1))]", "{\"a\":1}"),
        ("[if(equals('a', 'A'), 'yes', 'no')]", "\"no\""),
        ("[if(true(), 'yes', environment())]", "\"yes\""),
        ("[and(true(), not(false()), or(false(), true()))]", "true"),
        ("[less(1, 2)]", "true"),
        ("[greaterOrEquals('b', 'a')]", "true"),
        ("[lessOrEquals(3, 2)]", "false"),
        ("[coalesce(null(), 'a')]", "\"a\""),
        ("[bool('True')]", "true"),
        ("[int('42')]", "42"),
        ("[add(1, sub(mul(3, 4), div(7, 2)))]", "10"),
        ("[mod(7, 3)]", "1"),
        ("[min(createArray(3, 1))]", "1"),
        ("[max(3, 1)]", "3"),
        ("[tryGet(createObject('a', 1), 'b')]", "null"),
        ("[createObject('a', createObject('b', range(0, 2)))['a'].b[1]]", "1"),
        ("['it''s']", "\"it's\""),
        (
            "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]",
            "RG/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
        ),
        ("[resourceId('other', 'A.B/c', 'd')]", "SUB/resourceGroups/other/providers/A.B/c/d"),
        ("[resourceId('s2', 'other', 'A.B/c', 'd')]", "/subscriptions/s2/resourceGroups/other/providers/A.B/c/d"),
        ("[subscriptionResourceId('A.B/c', 'd')]", "SUB/providers/A.B/c/d"),
        ("[extensionResourceId('/x', 'A.B/c', 'd')]", "/x/providers/A.B/c/d"),
        ("[subscription().id]", "SUB"),
        ("[resourceGroup().id]", "RG"),
        ("[resourceGroup().location]", "\"local\""),
        ("[deployment().name]", "\"gatehouse\""),
    ];
    for (expression, expected) in rows {
        let expected = match expected
            .strip_prefix("RG")
            .map(|rest| (&rg[..], rest))
            .or(expected.strip_prefix("SUB").map(|rest| (SUB, rest)))
        {
            Some((base, rest)) => format!("\"{base}{rest}\""),
            None if expected.starts_with('/') => format!("\"{expected}\""),
            None => (*expected).to_owned(),
        };
        assert_eq!(value_of(expression, ""), expected, "{expression}");
    }
    println!("{} expressions", rows.len());
}

#[test]
fn mistakes_in_expressions_are_shown_where_they_stand() {
    // The tag stands on line 5; its opening bracket is in column 2.
    let rows: &[(&str, &str)] = &[
        ("[conct('a')]", "5:3 UnknownFunction"),
        ("[conct('a')]", "Did you mean \"concat\"?"),
        ("[concat('a', foo('b'))]", "5:15 UnknownFunction"),
        ("[concat('a', environment())]", "5:15 NotKnownBeforeDeployment"),
        ("[listKeys('a', 'b')]", "5:3 NotKnownBeforeDeployment"),
        ("[concat('a'", "tags"),
        ("[concat('a' 'b')]", "5:14 ExpressionSyntax"),
        ("[parameters('nme')]", "Did you mean \"name\"?"),
        ("[parameters('nme')]", "5:3 ParameterUnknown"),
        ("[parameters('none')]", "ParameterMissing parameters.none: the parameter \"none\" has neither"),
        ("[variables('nothing')]", "5:3 VariableUnknown"),
        ("[variables('loop')]", "CircularExpression"),
        ("[createObject('abcd', 1).abce]", "5:27 PropertyNotFound"),
        ("[createArray(1)[3]]", "5:18 PropertyNotFound"),
        ("[toLower(5)]", "5:11 FunctionArguments"),
        ("[toLower('a', 'b')]", "toLower takes another number of arguments; expected 1 arguments"),
        ("[int(concat('x', 'y'))]", "5:7 FunctionArguments"),
        ("[copyIndex()]", "5:3 InvalidCopy"),
        ("[resourceId('A.B/c', 'd', 'e')]", "found 2 names, expected 1 names"),
        ("[reference('pipp').ipAddress]", "Did you mean \"pip\"?"),
        ("[reference('pip').ipAddress]", "5:20 NotKnownBeforeDeployment"),
        ("[reference('/subscriptions/a/providers/B.C/d/e').x]", "5:3 NotKnownBeforeDeployment"),
        ("[div(1, 0)]", "5:3 FunctionArguments"),
        ("[json('{')]", "5:8 FunctionArguments"),
        ("[parameters('pick')]", "is not one of those allowed; found \"medum\""),
        ("[ns.nothing()]", "5:3 UnknownFunction"),
    ];
    let more = r#""parameters": {"name": {"type": "string"}, "none": {"type": "string"},
        "pick": {"type": "string", "defaultValue": "medum", "allowedValues": ["small", "medium"]}},
        "variables": {"loop": "[variables('pool')]", "pool": "[variables('loop')]"},"#;
    for (expression, expected) in rows {
        let text = with_tag(expression, &more.replace(['\n'], " "));
        let text = text.replace(
            "\"resources\": [",
            "\"resources\": [{\"type\": \"A.B/pip\", \"name\": \"pip\", \"properties\": {\"x\": 1}}, ",
        );
        let (_, problems) = run(&text);
        if *expected == "tags" {
            assert!(problems.is_empty(), "without the last bracket it is a plain string");
            continue;
        }
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expression}: {problems:?}");
    }
}

#[test]
fn loops_make_resources_properties_and_variables() {
    let template = r#"{"$schema": "deploymentTemplate.json#",
      "variables": {"copy": [{"name": "ports", "count": 2, "input": "[add(8000, copyIndex('ports'))]"}]},
      "resources": [{
        "type": "Microsoft.Network/applicationGateways", "name": "[concat('gw', copyIndex(1))]",
        "copy": {"name": "gws", "count": 2}, "condition": "[equals(copyIndex('gws'), 1)]", "dependsOn": [],
        "properties": {"copy": [{"name": "probes", "count": "[length(variables('ports'))]",
          "input": {"name": "[format('p{0}', copyIndex('probes'))]", "port": "[variables('ports')[copyIndex('probes')]]"}}]}
      }]}"#;
    let (found, problems) = run(template);
    assert!(problems.is_empty(), "{problems:?}");
    let expected = r#"{"type":"Microsoft.Network/applicationGateways","name":"gw2","properties":{"probes":[{"name":"p0","port":8000},{"name":"p1","port":8001}]}}"#;
    assert_eq!(found, [expected]);
}

#[test]
fn nested_templates_run_in_their_own_scope_and_give_outputs() {
    let template = r#"{"$schema": "deploymentTemplate.json#", "languageVersion": "2.0",
      "parameters": {"prefix": {"type": "string"}},
      "functions": [{"namespace": "my", "members": {"name": {"parameters": [{"name": "n", "type": "string"}],
         "output": {"type": "string", "value": "[concat('f-', parameters('n'))]"}}}}],
      "resources": {
        "old": {"existing": true, "type": "Microsoft.Network/applicationGateways", "name": "old"},
        "waf": {"type": "Microsoft.Resources/deployments", "name": "wafModule", "properties": {
          "expressionEvaluationOptions": {"scope": "inner"},
          "parameters": {"policyName": {"value": "[concat(parameters('prefix'), '-waf')]"}},
          "template": {"$schema": "deploymentTemplate.json#", "parameters": {"policyName": {"type": "string"}},
            "resources": [{"type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
              "name": "[parameters('policyName')]", "properties": {"managedRules": {"managedRuleSets": []}}}],
            "outputs": {"id": {"type": "string", "value":
              "[resourceId('Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies', parameters('policyName'))]"},
              "secret": {"type": "string", "value": "[listKeys('a', 'b')]"}}}}},
        "gw": {"type": "Microsoft.Network/applicationGateways", "name": "[my.name('gw')]", "properties": {
          "firewallPolicy": {"id": "[reference('waf').outputs.id.value]"}}}
      }}"#;
    let parameters = r#"{"$schema": "deploymentParameters.json#", "parameters": {"prefix": {"value": "p"}, "prefixx": {"value": 1}}}"#;
    let (found, problems) = run_with(&[template, parameters]);
    assert_eq!(found.len(), 2, "{problems:?}");
    assert!(found[0].contains("\"name\":\"p-waf\""));
    assert!(found[1].contains("\"name\":\"f-gw\"") && found[1].contains("FirewallPolicies/p-waf\"}"), "{}", found[1]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("ParameterUnknown") && problems[0].contains("Did you mean \"prefix\"?"));
}

#[test]
fn nested_templates_in_the_outer_scope_see_the_outer_parameters() {
    let template = r#"{"$schema": "deploymentTemplate.json#", "parameters": {"n": {"type": "string", "defaultValue": "outer"}},
      "resources": [{"type": "Microsoft.Resources/deployments", "name": "m", "properties": {"template": {
        "parameters": {"n": {"type": "string", "defaultValue": "inner"}},
        "resources": [{"type": "Microsoft.Network/applicationGateways", "name": "[parameters('n')]"}]}}}]}"#;
    let (found, problems) = run(template);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(found[0].contains("\"name\":\"outer\""));
}

#[test]
fn reference_shows_what_the_template_says_and_no_more() {
    let template = |expression: &str| {
        format!(
            r#"{{"$schema": "deploymentTemplate.json#", "resources": [
            {{"type": "A.B/pip", "name": "pip", "properties": {{"size": "[concat('l', '1')]", "key": "[listKeys('a')]"}}}},
            {{"type": "Microsoft.Network/applicationGateways", "name": "gw", "tags": "{expression}"}}]}}"#
        )
    };
    let good = [
        "[reference('pip').size]",
        "[reference(resourceId('A.B/pip', 'pip'), '2020', 'Full').properties.size]",
        "[reference('A.B/pip/pip').size]",
    ];
    for expression in good {
        let (found, problems) = run(&template(expression));
        assert!(problems.is_empty() && found[0].contains("\"tags\":\"l1\""), "{expression}: {problems:?}");
    }
    for expression in ["[reference('pip').key]", "[concat('a', reference('pip').key)]", "[reference('pip')]"] {
        let (_, problems) = run(&template(expression));
        assert!(
            problems.iter().any(|problem| problem.contains("NotKnownBeforeDeployment")),
            "{expression}: {problems:?}"
        );
    }
}

#[test]
fn values_keep_the_place_of_the_text_they_came_from() {
    let text = r#"{"$schema": "deploymentTemplate.json#", "parameters": {"tags": {"type": "object", "defaultValue": {"a": 5}}},
      "resources": [{"type": "Microsoft.Network/applicationGateways", "name": "gw", "tags": "[parameters('tags')]"}]}"#;
    let mut sources = Sources::new(vec![Source::new("t", text)]);
    let mut problems = Problems::new();
    let roots = syntax::parse(&Source::new("t", text), 0, &mut problems);
    let found = form::resources(&roots, &ReadOptions::default(), &mut sources, &mut problems);
    let five = found[0].node.get("tags").unwrap().get("a").unwrap();
    assert_eq!(five.at.path.to_string(), "parameters.tags.defaultValue.a");
    assert_eq!(&text[five.at.span.unwrap().range()], "5");
}

#[test]
fn a_template_cannot_ask_for_more_work_than_allowed() {
    let doubling: Vec<String> =
        (1..60).map(|n| format!("\"v{n}\": \"[concat(variables('v{0}'), variables('v{0}'))]\"", n - 1)).collect();
    let chain: Vec<String> = (1..5000).map(|n| format!("\"v{n}\": \"[variables('v{}')]\"", n - 1)).collect();
    let rows = [
        with_tag(
            "[variables('v59')]",
            &format!("\"variables\": {{\"v0\": \"xxxxxxxxxxxxxxxx\", {}}},", doubling.join(", ")),
        ),
        with_tag("[variables('v4999')]", &format!("\"variables\": {{\"v0\": \"x\", {}}},", chain.join(", "))),
        with_tag("[map(range(0, 9999), lambda('a', range(0, 9999)))]", ""),
    ];
    let nested: Vec<String> =
        (1..3000).map(|n| format!("\"v{n}\": \"[createObject('a', variables('v{}'))]\"", n - 1)).collect();
    let in_order: Vec<String> = (0..3000).map(|n| format!("variables('v{n}')")).collect();
    let chunks: Vec<String> = in_order.chunks(40).map(|chunk| format!("createArray({})", chunk.join(", "))).collect();
    let deep = with_tag(
        &format!("[createArray({})]", chunks.join(", ")),
        &format!("\"variables\": {{\"v0\": \"x\", {}}},", nested.join(", ")),
    );
    for template in rows.into_iter().chain([deep]) {
        let start = std::time::Instant::now();
        let (_, problems) = run(&template);
        assert!(problems.iter().any(|problem| problem.contains("TemplateTooComplex")), "{problems:?}");
        assert!(start.elapsed().as_secs() < 10);
    }
}

#[test]
fn secure_parameters_stay_secret() {
    let template = r#"{"$schema": "deploymentTemplate.json#",
      "parameters": {"pw": {"type": "secureString", "allowedValues": ["x"], "defaultValue": "hunter2"}},
      "resources": [{"type": "Microsoft.Network/applicationGateways", "name": "gw", "tags": "[parameters('pw')]"}]}"#;
    let (_, problems) = run(template);
    assert!(!problems.is_empty());
    assert!(problems.iter().all(|problem| !problem.contains("hunter2")), "{problems:?}");
}
