//! `gatehouse dev trust`: how to trust the certificates that `gatehouse dev` makes.

use std::path::Path;

use tls::certificate::Facts;

use super::{PROBLEMS, usage};
use crate::cli::Trust;
use crate::dev_ca::{REACH, folder, open};
use crate::last_good::state_folder;
use crate::terminal;

pub(super) fn run(args: &Trust) -> u8 {
    let stored = match open(&folder(&state_folder(None)), jiff::Timestamp::now().as_second()) {
        Ok(stored) => stored,
        Err(error) => return usage(&error),
    };
    if args.print {
        terminal::out(&stored.root_pem);
        return 0;
    }
    let roots = tls::trust::read_roots(stored.root_pem.as_bytes()).ok();
    let Some(facts) = roots.and_then(|roots| Facts::read(roots.first()?).ok()) else {
        terminal::note(&format!("gatehouse: {} is not a certificate", stored.file.display()));
        return PROBLEMS;
    };
    terminal::out(&page(&stored.file, &facts));
    0
}

/// Who is to trust it, and how. `{ca}` stands for the file.
const WAYS: &[(&str, &[&str])] = &[
    ("curl", &["curl --cacert {ca} https://shop.localhost:8443/"]),
    (
        "Debian, Ubuntu",
        &["sudo cp {ca} /usr/local/share/ca-certificates/gatehouse-dev-ca.crt", "sudo update-ca-certificates"],
    ),
    ("Fedora, RHEL", &["sudo cp {ca} /etc/pki/ca-trust/source/anchors/gatehouse-dev-ca.pem", "sudo update-ca-trust"]),
    ("Chromium on Linux", &["certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n gatehouse-dev-ca -i {ca}"]),
    (
        "Firefox",
        &[
            "certutil -d sql:PROFILE -A -t C,, -n gatehouse-dev-ca -i {ca}",
            "or: Settings, Certificates, View Certificates, Authorities, Import",
        ],
    ),
    ("macOS", &["security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {ca}"]),
    ("Windows", &["certutil -user -addstore Root {ca}"]),
    ("Node.js", &["NODE_EXTRA_CA_CERTS={ca} node app.js"]),
    ("Python", &["SSL_CERT_FILE={ca} python app.py", "REQUESTS_CA_BUNDLE={ca} python app.py    (requests)"]),
    (
        "Java",
        &[
            "keytool -importcert -noprompt -alias gatehouse-dev-ca -file {ca} \\",
            "        -keystore dev-trust.p12 -storetype PKCS12 -storepass changeit",
            "java -Djavax.net.ssl.trustStore=dev-trust.p12 -Djavax.net.ssl.trustStorePassword=changeit ...",
        ],
    ),
];

fn page(file: &Path, facts: &Facts) -> String {
    let path = quoted(&file.display().to_string());
    let until = jiff::Timestamp::from_second(facts.not_after).unwrap_or_default().strftime("%Y-%m-%d");
    let mut page = format!(
        "The CA of `gatehouse dev` on this machine:\n\n  file     {path}\n  name     {name}\n  until    {until}\n  \
         SHA-256  {sum}\n\n\
         It speaks only for {REACH}.\n\
         Nothing was changed. Whoever is to trust it is told like this:\n",
        name = facts.common_name.as_deref().unwrap_or(&facts.subject),
        sum = facts.sha256,
    );
    for (who, lines) in WAYS {
        page.push_str(&format!("\n{who}\n"));
        for line in *lines {
            page.push_str(&format!("  {}\n", line.replace("{ca}", &path)));
        }
    }
    page
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte));
    if is_plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_take_it_apart() {
        let rows = [("/a-b/ca.pem", "/a-b/ca.pem"), ("/a b/ca.pem", "'/a b/ca.pem'"), ("/a'b", "'/a'\\''b'")];
        for (path, expected) in rows {
            assert_eq!(quoted(path), expected);
        }
    }
}
