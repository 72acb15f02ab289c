//! A session from its accepted connection to its row.

use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use observe::Labels;
use observe::access_log::end_reason;
use snapshot::{Scheme, Settings};
use socket2::SockRef;
use tokio::net::TcpStream;

use super::end::End;
use super::relay::{self, Over, Way};
use super::row::Facts;
use super::select::{self, Names, Path};
use super::{close, dial, hello};
use crate::http::h1::connection::Guest;
use crate::io::{Stream as _, within};
use crate::timer::{Lane, TimerGuard};
use crate::tls::accept::{self, Opened};
use crate::view::View;
use crate::worker::{Door, Worker};

/// How long before the end of a process's grace its sessions are cut, so that their rows are still written.
const BEFORE_THE_END: Duration = Duration::from_millis(400);

/// How long after a session seems idle the kernel's queues are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Who has connected.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The client: the peer, or whom its PROXY header names.
    pub client: SocketAddr,
    /// What it connected to; `None`: the socket knows.
    pub destination: Option<SocketAddr>,
}

/// A session.
pub(super) struct Session {
    pub(super) worker: Rc<Worker>,
    pub(super) door: Rc<Door>,
    pub(super) timer: TimerGuard,
    pub(super) caller: Caller,
    pub(super) facts: Facts,
    pub(super) labels: Labels,
    /// The longest silence, once there is a server.
    pub(super) idle: Option<Duration>,
    /// How long it may go on once the configuration no longer has it.
    drain: Duration,
    /// Its way, once it has one.
    names: Option<Names>,
    /// The publication that it was last held against.
    seen: u64,
    is_ending: bool,
    is_kept_alive: bool,
    /// Bytes that the ends had not acknowledged when the session seemed idle.
    unacknowledged: Option<(u32, u32)>,
    _guest: Guest,
}

/// Both ends, and both directions between them.
pub(super) struct Ends {
    pub(super) client: End,
    pub(super) server: End,
    /// To the server.
    pub(super) up: Way,
    /// To the client.
    pub(super) down: Way,
}

impl Ends {
    /// Bytes that client and server have not acknowledged.
    pub(super) fn unacknowledged(&self) -> (u32, u32) {
        let of = |end: &End| kernel::unacknowledged(end.tcp().as_fd());
        (of(&self.client), of(&self.server))
    }
}

/// Serves a client that was just accepted where TCP or TLS is spoken.
pub async fn serve(worker: Rc<Worker>, door: Rc<Door>, tcp: TcpStream, caller: Caller, guest: Guest) {
    let mut session = Session::new(worker, door, caller, guest);
    // Beginning is short and its future large: it is not kept for the days that a session may last.
    let reason = match Box::pin(session.begin(tcp)).await {
        Ok(mut ends) => session.run(&mut ends).await,
        Err(reason) => reason,
    };
    session.write_row(reason);
}

/// Refuses a client: a reset, and a row that says why.
pub fn refuse(
    worker: &Rc<Worker>,
    door: &Rc<Door>,
    tcp: &TcpStream,
    caller: Caller,
    (reason, detail): (&'static str, &str),
) {
    tcp.reset_on_close();
    worker.counters.session_began();
    let view = worker.view();
    let labels = labels_at(worker, door, &view);
    let mut facts = Facts::new();
    facts.detail = Some(detail.into());
    facts.write(worker, &labels, caller.client, reason);
}

fn labels_at(worker: &Worker, door: &Door, view: &Rc<View>) -> Labels {
    let known = door.binding(view).map(|binding| view.published.binding_labels(binding));
    known.unwrap_or(&worker.nameless).clone()
}

impl Session {
    fn new(worker: Rc<Worker>, door: Rc<Door>, caller: Caller, guest: Guest) -> Self {
        worker.counters.session_began();
        let view = worker.view();
        let timer = worker.timers.register(door.group);
        let labels = labels_at(&worker, &door, &view);
        let (facts, drain) = (Facts::new(), Duration::ZERO);
        let (names, seen, is_ending) = (None, view.version(), false);
        let (idle, unacknowledged) = (None, None);
        Self {
            worker,
            door,
            timer,
            caller,
            facts,
            labels,
            idle,
            drain,
            names,
            seen,
            is_ending,
            is_kept_alive: false,
            unacknowledged,
            _guest: guest,
        }
    }

    /// The way to a server, and the connection to it.
    async fn begin(&mut self, tcp: TcpStream) -> Result<Ends, &'static str> {
        let view = self.worker.view();
        let (client, path, first) = self.welcome(tcp, &view).await?;
        let published = &view.published;
        self.labels = published.labels(path.route, path.target).clone();
        let Some((target, names)) = path.target.zip(Names::new(&published.snapshot, path)) else {
            client.reset_on_close();
            return Err(end_reason::NO_LIVE_SERVER);
        };
        let settings = &published.snapshot.settings[published.snapshot.targets[target].settings];
        match dial::dial(self, &view, target, settings, &client).await {
            Ok(server) => {
                self.settle(settings, names);
                Ok(Ends { client, server, up: Way::new(first), down: Way::new(Vec::new()) })
            }
            Err(reason) => {
                client.reset_on_close();
                Err(reason)
            }
        }
    }

    fn settle(&mut self, settings: &Settings, names: Names) {
        self.idle = Some(settings.request_timeout);
        self.drain = settings.drain_timeout;
        self.names = Some(names);
        self.timer.clear(Lane::ClientRead);
        if let Some(interval) = self.worker.view().published.snapshot.options.session_log_interval {
            self.timer.set(Lane::Report, interval);
        }
    }

    /// The client's end, where it goes, and what it sent already.
    async fn welcome(&mut self, mut tcp: TcpStream, view: &Rc<View>) -> Result<(End, Path, Vec<u8>), &'static str> {
        let snapshot = &view.published.snapshot;
        let Some(binding) = self.door.binding(view) else {
            tcp.reset_on_close();
            return Err(end_reason::DRAINED);
        };
        let here = &snapshot.bindings[binding];
        let (end, rule, first) = if here.scheme == Scheme::Tls {
            let (end, rule) = self.shake_hands(tcp, view).await?;
            (end, rule, Vec::new())
        } else if here.reads_server_name {
            let (rule, first) = hello::read(self, view, binding, &mut tcp).await?;
            (End::Plain(tcp), Some(rule), first)
        } else {
            (End::Plain(tcp), select::any(view, binding), Vec::new())
        };
        match rule.and_then(|rule| select::path(snapshot, rule)) {
            Some(path) => Ok((end, path, first)),
            None => {
                end.reset_on_close();
                Err(end_reason::NO_LIVE_SERVER)
            }
        }
    }

    /// TLS with the client.
    async fn shake_hands(
        &mut self,
        tcp: TcpStream,
        view: &Rc<View>,
    ) -> Result<(End, Option<snapshot::RuleId>), &'static str> {
        let snapshot = &view.published.snapshot;
        self.timer.set(Lane::ClientRead, snapshot.limits.tls_handshake_timeout);
        let opened = accept::open(&self.worker, &self.door, view, tcp);
        let opened = within(opened, &self.timer, Lane::ClientRead).await;
        self.timer.clear(Lane::ClientRead);
        match opened {
            Ok(Opened::Tls(opened)) => {
                let (stream, tls, listener) = *opened;
                let refused = tls.refuses(Some(&snapshot.listeners[listener]));
                let rule = select::of_listener(snapshot, listener);
                self.facts.took_client(&stream, tls);
                let end = End::Client(Box::new(stream));
                match refused {
                    None => Ok((end, rule)),
                    Some(why) => {
                        end.reset_on_close();
                        Err(why.reason())
                    }
                }
            }
            Ok(Opened::Plain(tcp)) => {
                tcp.reset_on_close();
                Err(end_reason::NOT_TLS)
            }
            Ok(Opened::Nothing) => {
                self.facts.is_silent = true;
                Err(end_reason::CLIENT_HANDSHAKE)
            }
            Ok(Opened::Failed(why)) => Err(self.facts.took_failure(&why)),
            Err(_) => {
                self.facts.detail = Some("no handshake in time".into());
                Err(end_reason::CLIENT_HANDSHAKE)
            }
        }
    }

    /// The bytes, and the end.
    async fn run(&mut self, ends: &mut Ends) -> &'static str {
        let over = relay::run(self, ends).await;
        match over {
            Over::Idle | Over::Drained | Over::Shutdown => Box::pin(close::gently(self, ends)).await,
            // Who did not break it is to see that it broke.
            Over::ClientBroke | Over::ServerBroke | Over::BrokeAtTheEnd => {
                ends.client.reset_on_close();
                ends.server.reset_on_close();
            }
            Over::Ended => {}
        }
        _ = self.timer.release();
        self.facts.moved(ends);
        match over {
            Over::Ended => end_reason::CLOSED,
            Over::Idle => end_reason::IDLE,
            Over::Drained => end_reason::DRAINED,
            Over::Shutdown => end_reason::SHUTDOWN,
            Over::ClientBroke => end_reason::CLIENT_RESET,
            Over::ServerBroke => end_reason::SERVER_RESET,
            Over::BrokeAtTheEnd => end_reason::RESET_AFTER_END,
        }
    }

    /// Counts bytes that moved, to the server and to the client.
    #[inline]
    pub(super) fn moved(&mut self, (up, down): (u64, u64)) {
        self.unacknowledged = None;
        if up > 0 {
            self.worker.counters.session_bytes_received.add(up);
        }
        if down > 0 {
            self.worker.counters.session_bytes_sent.add(down);
            self.facts.first_byte.get_or_insert_with(Instant::now);
        }
    }

    /// Has the kernel find out when the server is gone without a word; the client's socket has that from its listener.
    pub(super) fn keep_alive(&mut self, server: &End) {
        if !std::mem::replace(&mut self.is_kept_alive, true) {
            // A socket that does not take the option works without.
            let _ = SockRef::from(server.tcp()).set_tcp_keepalive(&frontend::KEEPALIVE);
        }
    }

    /// Looks whether the process ends, or the configuration no longer leads this way.
    #[inline]
    pub(super) fn look_around(&mut self) {
        if self.worker.ending.get() && !self.is_ending {
            self.is_ending = true;
            let grace = self.worker.view().published.snapshot.limits.shutdown_grace;
            self.timer.limit(grace.saturating_sub(BEFORE_THE_END));
        }
        if self.worker.shared.current.version() != self.seen {
            self.hold_against_change();
        }
    }

    #[cold]
    fn hold_against_change(&mut self) {
        let view = self.worker.view();
        self.seen = view.version();
        if self.names.as_ref().is_some_and(|names| !names.lead_on(&view, &self.door)) {
            self.timer.limit(self.drain);
            // The way may come back; the time runs on.
            self.names = None;
        }
    }

    /// Logs that the session goes on, if it is time to.
    pub(super) fn report(&mut self, ends: &Ends) {
        if !self.timer.take(Lane::Report) {
            return;
        }
        self.facts.moved(ends);
        self.facts.write_under_way(&self.worker, &self.labels, self.caller.client);
        if let Some(interval) = self.worker.view().published.snapshot.options.session_log_interval {
            self.timer.set(Lane::Report, interval);
        }
    }

    /// Whether one of the ends, though nothing moves through here, still takes what the kernel holds for it. Then there
    /// is more time.
    pub(super) fn is_draining_slowly(&mut self, ends: &Ends) -> bool {
        if self.timer.is_due(Lane::Life) {
            return false;
        }
        let Some(idle) = self.idle else { return false };
        let left = ends.unacknowledged();
        let before = self.unacknowledged.replace(left);
        match before {
            _ if left == (0, 0) => false,
            // The first look; the next one sees whether it becomes less.
            None => {
                self.timer.set(Lane::ServerRead, idle.min(LOOK_AGAIN));
                true
            }
            Some(before) if left != before => {
                self.timer.set(Lane::ServerRead, idle);
                true
            }
            Some(_) => false,
        }
    }

    /// Why its time is up.
    pub(super) fn out_of_time(&self) -> Over {
        match self.timer.is_due(Lane::Life) {
            true if self.is_ending && !self.timer.was_cut() => Over::Shutdown,
            true => Over::Drained,
            false => Over::Idle,
        }
    }

    fn write_row(&self, reason: &'static str) {
        self.facts.write(&self.worker, &self.labels, self.caller.client, reason);
    }
}
