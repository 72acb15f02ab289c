//! `gatehouse dev`: a gateway on loopback with a live request log, to try things out.

use std::path::PathBuf;

use model::Source;
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};

use super::run::{Service, start};
use super::{PROBLEMS, usage};
use crate::cli::{Dev, Documents};
use crate::documents::{Loaded, Purpose, load, load_texts, read_file};
use crate::{sample, terminal};

/// Ports below this need a privilege; they are mapped up by [`SHIFT`].
const PRIVILEGED: i64 = 1024;
const SHIFT: i64 = 8000;

pub(super) fn run(args: &Dev) -> u8 {
    let purpose = Purpose { loopback: true, ..Purpose::default() };
    let loaded = match &args.document {
        Some(document) => load_document(document, args.site.as_ref(), purpose),
        None => load_sample(args.port, purpose),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
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
    let (document, site) = (args.document.clone(), args.site.clone());
    let watched = document.is_some();
    let documents =
        Documents { document: document.unwrap_or_else(|| PathBuf::from("sample")), with: vec![], site, gateway: None };
    if !watched {
        greet(args.port);
    }
    let service = Service::new(documents, purpose, &loaded);
    start(loaded, log, service, watched)
}

/// A document of the user's. Without a site file, privileged ports are mapped up: 80 to 8080, 443 to 8443.
fn load_document(document: &PathBuf, site: Option<&PathBuf>, purpose: Purpose) -> Result<Loaded, u8> {
    let documents = Documents { document: document.clone(), with: vec![], site: site.cloned(), gateway: None };
    let loaded = load(&documents, purpose).map_err(|unreadable| usage(&unreadable))?;
    if site.is_some() {
        return Ok(loaded);
    }
    let Some(read) = &loaded.document else { return Ok(loaded) };
    let ports = read.gateway.frontend_ports.iter().filter_map(|port| port.port.as_ref().map(|port| port.value));
    let mapped: Vec<String> =
        ports.filter(|port| *port < PRIVILEGED).map(|port| format!("{port}: {}", port + SHIFT)).collect();
    if mapped.is_empty() {
        return Ok(loaded);
    }
    let site = Source::new("site.yaml (built in)", format!("ports: {{{}}}\n", mapped.join(", ")));
    let text = read_file(document).map_err(|unreadable| usage(&unreadable))?;
    Ok(load_texts(vec![Source::new(document.display().to_string(), text)], Some(site), None, purpose))
}

fn load_sample(port: u16, purpose: Purpose) -> Result<Loaded, u8> {
    let servers = sample::start().map_err(|error| usage(&format!("cannot start the sample servers: {error}")))?;
    // One worker, so that the members of a pool answer strictly in turn whatever connection a request comes on.
    let site =
        format!("workers: 1\nports: {{80: {port}}}\nparameters: {{backendPort: {servers}, publicPort: {port}}}\n");
    let document = Source::new("examples/dev/gateway.json (built in)", sample::DOCUMENT);
    Ok(load_texts(vec![document], Some(Source::new("site.yaml (built in)", site)), None, purpose))
}

fn greet(port: u16) {
    terminal::note(&format!(
        "Gatehouse with two sample servers. Try, in another terminal:\n\n\
         \x20 curl http://shop.localhost:{port}/             both servers in turn\n\
         \x20 curl http://shop.localhost:{port}/api/cart     a path rule: another pool, path rewritten to /v1/cart\n\
         \x20 curl -i http://www.localhost:{port}/cart?x=1   a redirect\n\
         \x20 curl -i http://127.0.0.1:{port}/               a host that no listener takes: 404\n\
         \x20 gatehouse health                          what the probes say\n\n\
         The document is examples/dev/gateway.json. Requests are listed below; Ctrl-C ends.\n"
    ));
}
