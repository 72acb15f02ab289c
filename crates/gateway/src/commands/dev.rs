//! `gatehouse dev`: a gateway on loopback with a live request log, to try things out.

use std::path::Path;
use std::sync::Arc;

use model::{ReadOptions, Source};
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};

use super::run::{Start, start};
use super::service::Origin;
use super::{PROBLEMS, trust, usage};
use crate::cli::{Beside, Dev, DevCommand, Documents};
use crate::dev_ca::{self, DevCa};
use crate::documents::{Purpose, Unreadable};
use crate::inputs::Inputs;
use crate::last_good::state_folder;
use crate::{sample, terminal};

/// Ports below this need a privilege; they are mapped up by [`SHIFT`].
const PRIVILEGED: i64 = 1024;
const SHIFT: i64 = 8000;

pub(super) fn run(args: &Dev) -> u8 {
    if let Some(DevCommand::Trust(args)) = &args.command {
        return trust::run(args);
    }
    let documents = args
        .document
        .clone()
        .map(|document| Documents { document, beside: Beside { site: args.site.clone(), ..Beside::default() } });
    let inputs = match &documents {
        Some(documents) => read(documents).map_err(|unreadable| unreadable.to_string()),
        None => read_sample(args.port, args.https_port),
    };
    let inputs = match inputs {
        Ok(inputs) => inputs,
        Err(why) => return usage(&why),
    };
    let ca = Arc::new(DevCa::in_folder(dev_ca::folder(&state_folder(None)), say));
    // Nobody else is to reach what is being tried out.
    let purpose = Purpose { loopback: true, issuer: Some(Arc::clone(&ca) as _), ..Purpose::trial() };
    let loaded = inputs.load(&purpose);
    terminal::note(loaded.problems_text(terminal::colour()).trim_end());
    if loaded.snapshot.is_none() {
        return PROBLEMS;
    }
    let format = Format::Text { colour: terminal::colour_out() };
    let log = Config { target: Target::Stdout, format, masked: MaskedParameters::default(), ..Config::default() };
    let log = match AccessLog::start(log) {
        Ok(log) => log,
        Err(error) => return usage(&format!("cannot write the request log: {error}")),
    };
    greet(args, ca.file().as_deref());
    let origin = documents.map(|documents| Origin { documents, read, purpose, watched: true });
    // Nothing is kept: a trial is not what should run after a restart.
    start(Start { loaded, log, firewall_log: None, origin, kept: None, kept_names: None, seen: None })
}

fn say(text: String) {
    terminal::note(&format!("gatehouse: {text}"));
}

/// A document of the user's. Without a site file, privileged ports are mapped up: 80 to 8080, 443 to 8443.
fn read(documents: &Documents) -> Result<Inputs, Unreadable> {
    let inputs = Inputs::read(documents)?;
    if inputs.site.is_some() {
        return Ok(inputs);
    }
    let Some(document) = model::read(&inputs.documents, &ReadOptions::default()).document else { return Ok(inputs) };
    let ports = document.gateway.frontend_ports.iter().filter_map(|port| port.port.as_ref().map(|port| port.value));
    let mapped: Vec<String> =
        ports.filter(|port| *port < PRIVILEGED).map(|port| format!("{port}: {}", port + SHIFT)).collect();
    // Paths in the document start from its own folder.
    let name = documents.document.with_file_name(BUILT_IN_SITE).display().to_string();
    let site = Source::new(name, format!("ports: {{{}}}\n", mapped.join(", ")));
    Ok(Inputs::new(inputs.documents, Some(site), None))
}

fn read_sample(port: u16, https_port: u16) -> Result<Inputs, String> {
    let servers = sample::start().map_err(|error| format!("cannot start the sample servers: {error}"))?;
    Ok(sample_inputs(servers, port, https_port))
}

fn sample_inputs(servers: u16, port: u16, https_port: u16) -> Inputs {
    // One worker, so that the members of a pool answer strictly in turn whatever connection a request comes on.
    let site = format!(
        "workers: 1\nports: {{80: {port}, 443: {https_port}}}\n\
         parameters: {{backendPort: {servers}, publicPort: {port}}}\n"
    );
    let document = Source::new("examples/dev/gateway.json (built in)", sample::DOCUMENT);
    Inputs::new(vec![document], Some(Source::new(BUILT_IN_SITE, site)), None)
}

const BUILT_IN_SITE: &str = "site.yaml (built in)";

/// What to do next: with the sample, requests to make; with a document of the user's, whom to trust.
fn greet(args: &Dev, ca: Option<&Path>) {
    let ca = ca.map(|path| trust::quoted(&path.display().to_string()));
    if args.document.is_none() {
        terminal::note(&greeting(args.port, args.https_port, ca.as_deref()));
    } else if let Some(ca) = ca {
        say(format!(
            "certificates that are in Azure only are issued here: curl --cacert {ca}, or `gatehouse dev trust`"
        ));
    }
}

fn greeting(port: u16, https_port: u16, ca: Option<&str>) -> String {
    // Without a file there is nothing to trust.
    let trust = if ca.is_some() { "--cacert $CA" } else { "--insecure" };
    let plain = [
        (format!("curl http://shop.localhost:{port}/"), "both servers in turn"),
        (
            format!("curl http://shop.localhost:{port}/api/cart"),
            "a path rule: another pool, path rewritten to /v1/cart",
        ),
        (format!("curl -i 'http://www.localhost:{port}/cart?x=1'"), "a redirect"),
        (
            format!("curl -i 'http://shop.localhost:{port}/?q=<script>alert(1)</script>'"),
            "an attack: the firewall's 403",
        ),
        (format!("curl -i http://127.0.0.1:{port}/"), "a host that no listener takes: 404"),
        ("gatehouse health".to_owned(), "what the probes say"),
    ];
    let secure = [
        (format!("curl {trust} https://shop.localhost:{https_port}/"), "the same servers over HTTPS and HTTP/2"),
        (format!("curl {trust} -iL 'http://secure.localhost:{port}/a?x=1'"), "a redirect to HTTPS"),
        ("gatehouse dev trust".to_owned(), "how browsers and others are told to trust it"),
    ];
    let width = plain.iter().chain(&secure).map(|(command, _)| command.len()).max().unwrap_or_default();
    let lines = |rows: &[(String, &str)]| -> String {
        rows.iter().map(|(command, what)| format!("  {command:<width$}  {what}\n")).collect()
    };
    let assigned = ca.map(|ca| format!("  CA={ca}\n")).unwrap_or_default();
    format!(
        "Gatehouse with two sample servers. Try, in another terminal:\n\n{}\n{assigned}{}\n\
         The document is examples/dev/gateway.json. Requests are listed below; Ctrl-C ends.\n",
        lines(&plain),
        lines(&secure),
    )
}

#[cfg(test)]
mod tests {
    use snapshot::Scheme;
    use snapshot::explain::{Outcome, Question, explain};

    use super::*;

    fn purpose() -> Purpose {
        Purpose { loopback: true, ..Purpose::routing() }
    }

    #[test]
    fn a_document_that_is_read_again_has_its_low_ports_mapped_again() {
        let folder = e2e::Folder::new();
        let document = folder.write("gateway.json", sample::DOCUMENT);
        let documents = Documents { document, beside: Beside::default() };
        for _ in 0..2 {
            let loaded = read(&documents).unwrap().load(&purpose());
            let snapshot = loaded.snapshot.unwrap();
            let ports: Vec<_> = snapshot.bindings.iter().map(|binding| binding.address.port()).collect();
            assert_eq!(ports, [8080, 8443]);
        }
    }

    #[test]
    fn the_sample_redirects_to_https_at_the_port_that_clients_see() {
        let snapshot = sample_inputs(9000, 8080, 9443).load(&purpose()).snapshot.unwrap();
        let question =
            Question { query: Some("x=1"), ..Question::get(Scheme::Http, 8080, "secure.localhost:8080", "/a") };
        let Outcome::Redirect { status, location } = explain(&snapshot, &question).outcome else { panic!() };
        assert_eq!((status, location.as_str()), (301, "https://secure.localhost:9443/a?x=1"));
    }

    #[test]
    fn every_https_site_of_the_sample_has_a_certificate_for_its_host() {
        let loaded = sample_inputs(9000, 8080, 8443).load(&purpose());
        assert_eq!(loaded.problems_text(false), "");
        let snapshot = loaded.snapshot.unwrap();
        let served: Vec<_> = snapshot
            .listeners
            .iter()
            .filter_map(|listener| Some((&*listener.name, listener.tls.as_ref()?.identity.facts().names.join(" "))))
            .collect();
        let expected = [("shop-https", "shop.localhost"), ("secure", "secure.localhost")];
        assert_eq!(served, expected.map(|(listener, names)| (listener, names.to_owned())));
    }

    #[test]
    fn the_greeting_says_how_to_trust_the_certificates_if_that_can_be_done() {
        let trusted = greeting(8080, 8443, Some("/ca.pem"));
        assert!(trusted.contains("\n  CA=/ca.pem\n  curl --cacert $CA https://shop.localhost:8443/"), "{trusted}");
        let untrusted = greeting(8080, 8443, None);
        assert!(untrusted.contains("\n\n  curl --insecure https://shop.localhost:8443/"), "{untrusted}");
    }
}
