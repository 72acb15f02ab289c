//! What servers of plain bytes do with a connection.

use std::io;

use crate::peer::Peer;
use crate::wire::Broken;

/// Says everything back as it comes, and ends when the other end has ended.
pub fn echo(peer: &mut Peer) -> io::Result<()> {
    loop {
        match peer.wire.some(64 * 1024) {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => peer.send(bytes)?,
            // A session may be quiet for longer than a test waits for anything.
            Err(Broken::Silent) => {}
            Err(broken) => return Err(broken.into()),
        }
    }
    peer.wire.finish();
    Ok(())
}

/// Says these bytes at once, then everything back.
pub fn greet(banner: &'static [u8]) -> impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static {
    move |peer| {
        peer.send(banner)?;
        echo(peer)
    }
}

/// Says which server it is, then everything back.
pub fn name(peer: &mut Peer) -> io::Result<()> {
    let name = [b'0' + u8::try_from(peer.server).unwrap()];
    peer.send(name)?;
    echo(peer)
}
