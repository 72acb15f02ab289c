//! nginx, configured for the same work: upstream kept alive, forwarded headers and an id, a buffered JSON access log.

use std::fmt::Write as _;

use anyhow::Result;

use super::{Routes, Setup, sessions};
use crate::load::{host_name, path_prefix};
use crate::tools;

/// Writes the configuration; returns the command that starts nginx.
pub(super) fn prepare(setup: &Setup<'_>) -> Result<Vec<String>> {
    let file = setup.folder.join("nginx.conf");
    std::fs::write(&file, configuration(setup))?;
    let program = tools::find("nginx").unwrap_or_else(|| "nginx".into());
    let folder = setup.folder.display().to_string();
    Ok(vec![
        program.display().to_string(),
        "-p".into(),
        folder,
        "-c".into(),
        file.display().to_string(),
        "-e".into(),
        setup.folder.join("error.log").display().to_string(),
    ])
}

fn configuration(setup: &Setup<'_>) -> String {
    // Under callgrind one process is followed; otherwise master and worker, as nginx is run.
    let master = if setup.callgrind.is_some() { "off" } else { "on" };
    if let Routes::Bytes(_) = setup.routes {
        return sessions::nginx::configuration(setup, master);
    }
    let folder = setup.folder.display();
    let [first, second] = setup.members;
    let (servers, tls) = (servers(setup), tls(setup));
    // nginx counts connections to members too.
    let connections = 2 * setup.max_connections();
    format!(
        r#"user root;
worker_processes 1;
master_process {master};
daemon off;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections {connections}; multi_accept on; accept_mutex off; }}
http {{
  log_format record escape=json '{{"time":"$time_iso8601","client":"$remote_addr","port":$remote_port,'
    '"method":"$request_method","host":"$http_host","uri":"$request_uri","protocol":"$server_protocol",'
    '"status":$status,"received":$request_length,"sent":$bytes_sent,"seconds":$request_time,'
    '"agent":"$http_user_agent","server":"$upstream_addr","server_status":"$upstream_status",'
    '"server_seconds":"$upstream_response_time","id":"$request_id"}}';
  access_log {folder}/access.log record buffer=64k flush=1s;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  tcp_nodelay on;
  server_names_hash_max_size 8192; server_names_hash_bucket_size 128;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream members {{
    server {first}; server {second};
    keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 300s;
  }}
  proxy_http_version 1.1;
  proxy_buffers 16 32k; proxy_buffer_size 16k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0;
  proxy_set_header Host $host; proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Request-Id $request_id;
{tls}{servers}}}
"#
    )
}

/// Tickets for TLS 1.3, a cache for what is older; no limit of requests on an HTTP/2 connection but that above.
fn tls(setup: &Setup<'_>) -> String {
    let Some(certificate) = setup.certificate else {
        return String::new();
    };
    format!(
        "  ssl_certificate {}; ssl_certificate_key {};
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on; ssl_session_cache shared:tls:32m; ssl_session_timeout 1h;
  http2_max_concurrent_streams 128;
",
        certificate.certificate.display(),
        certificate.key.display()
    )
}

fn servers(setup: &Setup<'_>) -> String {
    let address = setup.address;
    let mut out = String::new();
    match setup.routes {
        Routes::Many { hosts, paths } => {
            for host in 0..hosts {
                let backlog = if host == 0 { " backlog=4096" } else { "" };
                let _ = writeln!(out, "  server {{ listen {address}{backlog}; server_name {};", host_name(host));
                for path in 0..paths {
                    let _ = writeln!(out, "    location ^~ {} {{ proxy_pass http://members; }}", path_prefix(path));
                }
                out.push_str("    location / { return 404; }\n  }\n");
            }
        }
        _ => {
            let protocols = if setup.certificate.is_some() { " ssl http2" } else { "" };
            let _ = writeln!(
                out,
                "  server {{ listen {address}{protocols} backlog=4096; location / {{ proxy_pass http://members; }} }}"
            );
        }
    }
    out
}
