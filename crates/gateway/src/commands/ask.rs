//! `gatehouse status`, `health` and `reload`: questions to a running gateway.

use admin::{Reloaded, Request, Response};

use super::PROBLEMS;
use crate::cli::Ask;
use crate::last_good::default_socket;
use crate::terminal;

pub(super) fn run(args: &Ask, question: Request) -> u8 {
    let socket = args.socket.clone().unwrap_or_else(default_socket);
    match admin::request(&socket, question) {
        Ok(Response::Board { json, text }) => {
            terminal::out(&if args.json { format!("{json:#}\n") } else { text });
            0
        }
        Ok(Response::Reloaded(reloaded)) => print_reloaded(&reloaded, args.json),
        Ok(Response::Refused { message }) => {
            terminal::note(&format!("gatehouse: {message}"));
            PROBLEMS
        }
        Err(error) => {
            terminal::note(&format!("gatehouse: {}: {error}", socket.display()));
            PROBLEMS
        }
    }
}

fn print_reloaded(reloaded: &Reloaded, json: bool) -> u8 {
    if json {
        terminal::out(&format!("{}\n", serde_json::to_string_pretty(reloaded).unwrap_or_default()));
    } else {
        terminal::out(&format!("{}\n", reloaded.text.trim_end()));
    }
    if reloaded.applied { 0 } else { PROBLEMS }
}
