//! The name in a client's own hello, where TLS passes through: read, never answered, and passed on byte for byte.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use observe::access_log::end_reason;
use snapshot::{BindingId, RuleId};
use tls::hello::{Asked, HelloReader, MAX_LENGTH, Opening};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;

use super::select;
use super::session::Session;
use crate::io::{Stream as _, expire};
use crate::timer::Lane;
use crate::tls::accept::UNRECOGNIZED_NAME;
use crate::view::View;

/// How long a client may take to say its name; after that it has none. So a server that speaks first can stand behind
/// the listener that takes any name, if a little late.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads until the hello is whole, or it is clear that none comes. The rule that it leads to, and all that was read.
pub(super) async fn read(
    session: &mut Session,
    view: &View,
    binding: BindingId,
    tcp: &mut TcpStream,
) -> Result<(RuleId, Vec<u8>), &'static str> {
    session.timer.set(Lane::ClientRead, PATIENCE);
    let mut bytes = Vec::new();
    let asked = match said(session, tcp, &mut bytes).await {
        Ok(asked) => asked,
        Err(_) => return Err(end_reason::CLIENT_RESET),
    };
    session.timer.clear(Lane::ClientRead);
    let here = &view.published.snapshot.bindings[binding];
    let name = asked.as_ref().and_then(|asked| asked.server_name.as_deref());
    session.facts.server_name = name.map(Box::from);
    let rule = match name {
        Some(name) => here.hosts.lookup(name.as_bytes()),
        None => select::any(view, binding),
    };
    match (rule, asked) {
        (Some(rule), _) => Ok((rule, bytes)),
        (None, Some(_)) => {
            // Nobody else could tell it.
            let _ = tcp.try_write(&UNRECOGNIZED_NAME);
            Err(end_reason::UNKNOWN_SERVER_NAME)
        }
        (None, None) => {
            tcp.reset_on_close();
            Err(end_reason::NOT_TLS)
        }
    }
}

/// What the client asks for; `None` when it does not speak TLS, or says nothing.
async fn said(session: &mut Session, tcp: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Option<Asked>> {
    let mut reader = HelloReader::default();
    while bytes.len() < MAX_LENGTH {
        let mut block = [0; 2048];
        let read = poll_fn(|context| {
            let mut into = ReadBuf::new(&mut block);
            if Pin::new(&mut *tcp).poll_read(context, &mut into)?.is_pending() {
                ready!(expire::<()>(&session.timer, Lane::ClientRead, context))?;
                return Poll::Pending;
            }
            Poll::Ready(Ok::<_, io::Error>(into.filled().len()))
        });
        let count = match read.await {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
            Err(error) => return Err(error),
        };
        let new = block.get(..count).unwrap_or_default();
        bytes.extend_from_slice(new);
        match reader.add(new) {
            Opening::NeedMore => {}
            Opening::Hello(asked) => return Ok(Some(asked)),
            Opening::NotTls(reason) => {
                session.facts.detail = Some(reason.into());
                return Ok(None);
            }
        }
    }
    Ok(None)
}
