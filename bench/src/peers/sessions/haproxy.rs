//! HAProxy in mode tcp, with `option tcplog`; it moves bytes through its buffers, or splices them where asked to.

use crate::certificate::NAME;
use crate::peers::haproxy::{TLS, log};
use crate::peers::{Moving, Setup};

/// The configuration.
pub(in crate::peers) fn configuration(setup: &Setup<'_>, moving: Moving) -> String {
    let [first, second] = setup.members;
    let (address, log) = (setup.address, log(setup));
    // Every fourth may have two pipes, which are descriptors too.
    let connections = setup.max_connections() / if moving == Moving::Usual { 1 } else { 2 };
    let (bind, tls) = setup
        .certificate
        .map_or_else(Default::default, |certificate| (format!(" ssl crt {}", certificate.both.display()), TLS));
    let to_servers = setup.trusted.map_or_else(String::new, |certificate| {
        format!(" ssl verify required ca-file {} sni str({NAME})", certificate.certificate.display())
    });
    let splice = match moving {
        Moving::Usual => "",
        Moving::SpliceAuto => "  option splice-auto\n",
        Moving::Splice => "  option splice-request\n  option splice-response\n",
    };
    format!(
        "global
  nbthread 1
  maxconn {connections}
  {log}
{tls}defaults
  mode tcp
  log global
  option tcplog
  timeout connect 5s
  timeout client 300s
  timeout server 300s
{splice}frontend clients
  bind {address} backlog 4096{bind}
  default_backend members
backend members
  balance roundrobin
  server a {first}{to_servers}
  server b {second}{to_servers}
"
    )
}
