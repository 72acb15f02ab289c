//! The processes behind the proxies: one that answers requests and, where a row needs them, servers of sessions.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::backend::BackendSpec;
use crate::certificate::Certificate;
use crate::process::Running;
use crate::roles::Role;
use crate::sessions::ServersSpec;
use crate::work::Work;

/// They end by themselves after this long.
const SECONDS: u64 = 3_600;

/// Two members, on one port.
pub(crate) type Members = [SocketAddrV4; 2];

/// All of them.
pub(crate) struct Backends {
    requests: Running,
    members: Members,
    sessions: Option<Sessions>,
}

/// Servers of sessions.
struct Sessions {
    process: Running,
    plain: Members,
    tls: Members,
}

impl Backends {
    /// Starts what answers requests.
    pub(crate) fn start(core: usize, folder: &Path) -> Result<Backends> {
        let members = members()?;
        let role = Role::Backend(BackendSpec { addresses: members.to_vec(), seconds: SECONDS });
        let requests = start("backend", core, role, folder, members[1])?;
        Ok(Backends { requests, members, sessions: None })
    }

    /// Starts servers of sessions too.
    pub(crate) fn serve_sessions(&mut self, core: usize, folder: &Path, certificate: &Certificate) -> Result<()> {
        let (plain, tls) = (members()?, members()?);
        let role = Role::Servers(ServersSpec {
            plain: plain.to_vec(),
            tls: tls.to_vec(),
            certificate: certificate.certificate.clone(),
            key: certificate.key.clone(),
            seconds: SECONDS,
        });
        self.sessions = Some(Sessions { process: start("servers", core, role, folder, tls[1])?, plain, tls });
        Ok(())
    }

    /// The members of a row's pool.
    pub(crate) fn members(&self, work: &Work) -> Result<Members> {
        Ok(match self.of(work)? {
            None => self.members,
            Some(sessions) if work.tls_to_servers => sessions.tls,
            Some(sessions) => sessions.plain,
        })
    }

    /// The process behind a row's pool.
    pub(crate) fn pid(&self, work: &Work) -> Result<u32> {
        Ok(self.of(work)?.map_or_else(|| self.requests.pid(), |sessions| sessions.process.pid()))
    }

    /// Ends them.
    pub(crate) fn stop(mut self) -> Result<()> {
        let patience = Duration::from_secs(5);
        self.requests.stop(patience)?;
        if let Some(mut sessions) = self.sessions {
            sessions.process.stop(patience)?;
        }
        Ok(())
    }

    fn of(&self, work: &Work) -> Result<Option<&Sessions>> {
        work.task.map(|_| self.sessions.as_ref().context("no servers of sessions were started")).transpose()
    }
}

/// Starts a role and waits until it listens.
fn start(name: &str, core: usize, role: Role, folder: &Path, listens: SocketAddrV4) -> Result<Running> {
    let mut process = Running::start_role(name, core, role, &folder.join(format!("{name}.out")))?;
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect_timeout(&listens.into(), Duration::from_secs(1)).is_err() {
        process.still_runs()?;
        if Instant::now() > end {
            bail!("the {name} did not come up");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(process)
}

fn members() -> Result<Members> {
    let port = free_port()?;
    Ok([Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)].map(|ip| SocketAddrV4::new(ip, port)))
}

/// A port that is free on both members' addresses.
pub(crate) fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 1), 0)).context("find a free port")?;
        let port = first.local_addr()?.port();
        if TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free on both 127.0.0.1 and 127.0.0.2")
}
