//! `gatehouse diff` and `gatehouse export`.

use e2e::{Document, Folder};

use crate::command::gatehouse;

#[test]
fn a_difference_is_named_by_resource_and_not_by_place_in_a_list() {
    let folder = Folder::new();
    let document = Document::empty();
    folder.write("before.yaml", document.text());
    let pools = "[{name: new, backendAddresses: []}, {name: pool, backendAddresses: [{ipAddress: 10.0.0.1}]}]";
    folder.write("after.yaml", document.section("backendAddressPools", pools).text());
    let same = gatehouse(&folder, &["diff", "before.yaml", "before.yaml"]);
    assert_eq!((same.code, same.out.as_str()), (0, "0 differences\n"), "{same:?}");
    let ended = gatehouse(&folder, &["diff", "before.yaml", "after.yaml"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("backendAddressPools[\"new\"]"), "{}", ended.out);
    assert!(ended.out.contains("backendAddressPools[\"pool\"].backendAddresses"), "{}", ended.out);
    assert!(ended.out.ends_with("2 differences\n"), "{}", ended.out);
}

#[test]
fn an_exported_document_is_the_same_document() {
    let folder = Folder::new();
    let document = Document::empty()
        .listeners(&[("web", "hostNames: ['*.a.com', a.com]")])
        .section("probes", "[{name: probe, protocol: Http, host: a.com, path: /h, match: {statusCodes: ['200-299']}}]");
    folder.write("gateway.yaml", document.text());
    for (format, file) in [("arm", "exported.json"), ("yaml", "exported.yaml")] {
        let exported = gatehouse(&folder, &["export", "gateway.yaml", "--format", format, "--keep-extensions"]);
        assert_eq!(exported.code, 0, "{exported:?}");
        folder.write(file, &exported.out);
        let checked = gatehouse(&folder, &["check", file]);
        assert_eq!(checked.code, 0, "{checked:?}");
        let difference = gatehouse(&folder, &["diff", "gateway.yaml", file]);
        assert_eq!(difference.out, "0 differences\n", "{format}");
        let again = gatehouse(&folder, &["export", file, "--format", format, "--keep-extensions"]);
        assert_eq!(again.out, exported.out, "exporting twice is exporting once: {format}");
    }
}

#[test]
fn extensions_are_left_out_for_azure_and_said() {
    let folder = Folder::new();
    folder.write("gateway.yaml", Document::empty().text());
    let exported = gatehouse(&folder, &["export", "gateway.yaml"]);
    assert!(exported.code == 0 && !exported.out.contains("gatehouse"), "{exported:?}");
    assert!(exported.err.contains("left out"), "{}", exported.err);
}
