//! `gatehouse dev`: a gateway on loopback with a live request log, to try things out.

use model::Source;
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};

use super::run::{Origin, start};
use super::{PROBLEMS, usage};
use crate::cli::{Dev, Documents};
use crate::documents::{Loaded, Purpose, Unreadable, load, load_texts, read_source};
use crate::{sample, terminal};

/// Nobody else is to reach what is being tried out.
const PURPOSE: Purpose = Purpose { loopback: true, azure: false };

/// Ports below this need a privilege; they are mapped up by [`SHIFT`].
const PRIVILEGED: i64 = 1024;
const SHIFT: i64 = 8000;

pub(super) fn run(args: &Dev) -> u8 {
    let documents = args.document.clone().map(|document| Documents {
        document,
        with: vec![],
        site: args.site.clone(),
        gateway: None,
    });
    let loaded = match &documents {
        Some(documents) => load_document(documents).map_err(|unreadable| unreadable.to_string()),
        None => load_sample(args.port),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(why) => return usage(&why),
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
    let watched = documents.is_some();
    if !watched {
        greet(args.port);
    }
    let origin = documents.map_or(Origin::BuiltIn, |documents| Origin::Files { documents, load: load_document });
    // Nothing is kept: a trial is not what should run after a restart.
    start(loaded, log, origin, None, watched)
}

/// A document of the user's. Without a site file, privileged ports are mapped up: 80 to 8080, 443 to 8443.
fn load_document(documents: &Documents) -> Result<Loaded, Unreadable> {
    let loaded = load(documents, PURPOSE)?;
    if documents.site.is_some() {
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
    Ok(load_texts(vec![read_source(&documents.document)?], Some(site), None, PURPOSE))
}

fn load_sample(port: u16) -> Result<Loaded, String> {
    let servers = sample::start().map_err(|error| format!("cannot start the sample servers: {error}"))?;
    // One worker, so that the members of a pool answer strictly in turn whatever connection a request comes on.
    let site =
        format!("workers: 1\nports: {{80: {port}}}\nparameters: {{backendPort: {servers}, publicPort: {port}}}\n");
    let document = Source::new("examples/dev/gateway.json (built in)", sample::DOCUMENT);
    Ok(load_texts(vec![document], Some(Source::new("site.yaml (built in)", site)), None, PURPOSE))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_loaded_again_has_its_low_ports_mapped_again() {
        let folder = std::env::temp_dir().join(format!("gatehouse-dev-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let document = folder.join("gateway.json");
        std::fs::write(&document, sample::DOCUMENT).unwrap();
        let documents = Documents { document, with: vec![], site: None, gateway: None };
        let origin = Origin::Files { documents, load: load_document };
        let ports = |loaded: Loaded| -> Vec<_> {
            loaded.snapshot.unwrap().bindings.iter().map(|binding| binding.address.port()).collect()
        };
        for _ in 0..2 {
            assert_eq!(ports(origin.load().unwrap()), [8080]);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_sample_document_is_not_loaded_again() {
        let why = Origin::BuiltIn.load().err().unwrap();
        assert_eq!(why, "the sample document is built in and does not change");
    }
}
