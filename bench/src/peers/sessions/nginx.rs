//! nginx with its stream module, a buffered JSON line for each session.

use crate::certificate::NAME;
use crate::peers::Setup;
use crate::tools;

/// The configuration.
pub(in crate::peers) fn configuration(setup: &Setup<'_>, master: &str) -> String {
    let folder = setup.folder.display();
    let [first, second] = setup.members;
    let address = setup.address;
    // nginx counts connections to members too.
    let connections = 2 * setup.max_connections();
    let module = tools::NGINX_STREAM;
    let (listen, tls) = setup.certificate.map_or_else(Default::default, |files| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        let tls = format!(
            "  ssl_certificate {certificate}; ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on; ssl_session_cache shared:tls:32m; ssl_session_timeout 1h;
"
        );
        (" ssl", tls)
    });
    let to_servers = setup.trusted.map_or_else(String::new, |files| {
        let certificate = files.certificate.display();
        format!(
            "  proxy_ssl on; proxy_ssl_protocols TLSv1.3; proxy_ssl_server_name on; proxy_ssl_name {NAME};
  proxy_ssl_verify on; proxy_ssl_trusted_certificate {certificate};
"
        )
    });
    format!(
        r#"load_module {module};
user root;
worker_processes 1;
master_process {master};
daemon off;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections {connections}; multi_accept on; accept_mutex off; }}
stream {{
  log_format record escape=json '{{"time":"$time_iso8601","client":"$remote_addr","port":$remote_port,'
    '"protocol":"$protocol","status":$status,"received":$bytes_received,"sent":$bytes_sent,"seconds":$session_time,'
    '"server":"$upstream_addr","server_sent":"$upstream_bytes_sent","server_received":"$upstream_bytes_received",'
    '"connect_seconds":"$upstream_connect_time"}}';
  access_log {folder}/access.log record buffer=64k flush=1s;
  tcp_nodelay on; proxy_connect_timeout 5s; proxy_timeout 300s;
  upstream members {{ server {first}; server {second}; }}
{tls}{to_servers}  server {{ listen {address}{listen} backlog=4096; proxy_pass members; }}
}}
"#
    )
}
