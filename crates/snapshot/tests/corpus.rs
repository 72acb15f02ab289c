//! Compiles published example bodies, when they lie beside the tree; says so loudly when they do not.

#[path = "common/fixture.rs"]
mod fixture;

use std::io::Write;
use std::path::PathBuf;

use model::{ReadOptions, Source, read};
use snapshot::{Environment, Scheme, compile};

use fixture::{IN_2027, with_fixtures};

/// The folder named by GATEHOUSE_CORPUS; relative names start at the workspace.
fn examples() -> Option<PathBuf> {
    let corpus = std::env::var("GATEHOUSE_CORPUS").unwrap_or_else(|_| "../shared".to_owned());
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join(corpus).join("spec/examples");
    if folder.is_dir() {
        return Some(folder);
    }
    // Straight to the file descriptor: the test runner keeps back what a passing test prints.
    let missing = format!("!!! NOT TESTED: {} does not exist; set GATEHOUSE_CORPUS\n", folder.display());
    std::io::stderr().write_all(missing.as_bytes()).expect("standard error takes a line");
    None
}

/// A gateway of TCP and TLS alone, with certificates that only stand for some.
#[test]
fn the_published_example_of_tcp_and_tls_compiles_and_azure_would_take_it() {
    let Some(folder) = examples() else { return };
    let name = "l4-gateway.request.json";
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let text = text.replace("<base64 pfx>", "{{open.pfx}}").replace("<pfx password>", "");
    let text = with_fixtures(&text.replace("<base64 cer>", "{{root.pem}}"));
    for target_azure in [false, true] {
        let reading = read(&[Source::new(name, text.as_str())], &ReadOptions::default());
        let environment = Environment { now: IN_2027, target_azure, ..Environment::default() };
        let compiled = compile(&reading.document.unwrap(), None, &environment);
        let problems: Vec<_> =
            reading.problems.iter().chain(compiled.problems.iter()).map(ToString::to_string).collect();
        assert_eq!(problems, Vec::<String>::new(), "for Azure: {target_azure}");
        let bindings = compiled.snapshot.iter().flat_map(|snapshot| snapshot.bindings.iter());
        let found: Vec<_> = bindings.map(|binding| (binding.document_port, binding.scheme)).collect();
        let expected = if target_azure { vec![] } else { vec![(1433, Scheme::Tcp), (636, Scheme::Tls)] };
        assert_eq!(found, expected);
    }
}
