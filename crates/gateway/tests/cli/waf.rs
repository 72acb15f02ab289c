//! `gatehouse waf install` where there is nothing to install from; what it does with a package is tested beside it.

use e2e::Folder;

use crate::command::gatehouse;

#[test]
fn a_package_that_is_not_there_is_a_problem_and_leaves_nothing() {
    let folder = Folder::new();
    let ended = gatehouse(&folder, &["waf", "install", "--package", "none.deb"]);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.starts_with("gatehouse: cannot read none.deb: "), "{}", ended.err);
    let kept = folder.path("state/gatehouse/rule-sets");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
}
