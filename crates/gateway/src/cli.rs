//! The command line. Exit codes: 0, 1 (problems), 2 (usage).

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// An application gateway that anyone can run, configured with Azure Application Gateway documents.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway of a document.
    Run(Run),
    /// Try a gateway on this machine: loopback addresses, a live request log, sample servers when no document is given.
    Dev(Dev),
    /// Check a document and print every problem at once.
    Check(Check),
    /// Say which way a request would go, and why.
    Explain(Explain),
    /// Run routing assertions against a document.
    Test(Test),
    /// Print what differs between two documents.
    Diff(Diff),
    /// Print a document in canonical form.
    Export(Export),
    /// Print the status board of a running gateway.
    Status(Ask),
    /// Print the health of every server of a running gateway.
    Health(Ask),
    /// Make a running gateway read its document again.
    Reload(Ask),
    /// Rules of the firewall.
    Waf(Waf),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// A document and what binds it to this machine.
#[derive(Debug, Clone, Args)]
pub struct Documents {
    /// The document: an ARM resource, the CLI's output, an ARM template (also compiled Bicep), or YAML.
    #[arg(value_name = "DOC")]
    pub document: PathBuf,
    /// What stands beside it.
    #[command(flatten)]
    pub beside: Beside,
}

/// What stands beside a document.
#[derive(Debug, Clone, Default, Args)]
pub struct Beside {
    /// More files: WAF policies, template parameters.
    #[arg(long = "with", value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// The site file: addresses, ports, certificates, members.
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,
    /// The gateway to take, when the document holds several.
    #[arg(long, value_name = "NAME")]
    pub gateway: Option<String>,
}

/// `gatehouse run`.
#[derive(Debug, Args)]
pub struct Run {
    /// What to run.
    #[command(flatten)]
    pub documents: Documents,
    /// Apply the document whenever its file changes.
    #[arg(long)]
    pub watch: bool,
}

/// `gatehouse dev`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Dev {
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<DevCommand>,
    /// The document; without one, a sample with HTTP and HTTPS sites, a path map and redirects.
    #[arg(value_name = "DOC")]
    pub document: Option<PathBuf>,
    /// The site file.
    #[arg(long, value_name = "FILE", requires = "document")]
    pub site: Option<PathBuf>,
    /// The local port of the sample gateway for HTTP.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// The local port of the sample gateway for HTTPS.
    #[arg(long, default_value_t = 8443)]
    pub https_port: u16,
}

/// What else `gatehouse dev` does.
#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Print how to trust the certificates that `gatehouse dev` makes. Changes nothing.
    Trust(Trust),
}

/// `gatehouse dev trust`.
#[derive(Debug, Args)]
pub struct Trust {
    /// Print the certificate to trust, PEM, and nothing else.
    #[arg(long)]
    pub print: bool,
}

/// How problems are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: line, column, excerpt.
    Text,
    /// For scripts.
    Json,
    /// For code scanning.
    Sarif,
}

/// Whose rules a document is checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// This gateway's.
    Gatehouse,
    /// Azure's: its limits are errors, and what it would ignore is listed.
    Azure,
}

/// `gatehouse check`.
#[derive(Debug, Args)]
pub struct Check {
    /// What to check.
    #[command(flatten)]
    pub documents: Documents,
    /// How problems are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Whose rules apply.
    #[arg(long, value_enum, default_value_t = Target::Gatehouse)]
    pub target: Target,
    /// Fetch custom error pages too, as a gateway does when it starts. Otherwise nothing is fetched.
    #[arg(long)]
    pub fetch: bool,
}

/// `gatehouse explain`.
#[derive(Debug, Args)]
#[command(override_usage = "gatehouse explain [OPTIONS] [METHOD] URL DOC")]
pub struct Explain {
    /// The method (if left out GET, with content POST); the URL as a client would ask for it, or `tcp://HOST:PORT` or `tls://NAME:PORT` for
    /// a session; the document.
    #[arg(value_name = "[METHOD] URL DOC", required = true)]
    pub words: Vec<OsString>,
    /// What stands beside the document.
    #[command(flatten)]
    pub beside: Beside,
    /// A header, as `-H 'Cookie: beta=1'`; Host replaces the URL's. May be given more than once.
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    pub headers: Vec<(String, String)>,
    /// Content for the firewall to look at, as it would be sent. The method is POST then, unless it is given, and the
    /// content a form, unless a Content-Type is given.
    #[arg(short = 'd', long, value_name = "TEXT", conflicts_with = "data_file")]
    pub data: Option<String>,
    /// The same out of a file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub data_file: Option<PathBuf>,
    /// The client's address. Without it the client is this machine.
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<IpAddr>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Explain {
    /// The method, the URL, and the document with what stands beside it.
    ///
    /// # Errors
    /// It is not two or three words; the text says what is expected.
    pub fn asked(&self) -> Result<(String, String, Documents), String> {
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let has_content = self.data.is_some() || self.data_file.is_some();
        let method = if has_content { "POST" } else { "GET" };
        let (method, url, document) = match &self.words[..] {
            [url, document] => (method.to_owned(), url, document),
            [method, url, document] => (text(method), url, document),
            _ => return Err("what is asked for is [METHOD] URL DOC, such as `GET http://shop.example/ DOC`".to_owned()),
        };
        Ok((method, text(url), Documents { document: PathBuf::from(document), beside: self.beside.clone() }))
    }
}

/// `Name: value`. Names that the gateway drops are refused, so that nobody takes them for considered.
fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is written as `Cookie: beta=1`")?;
    check_header(name.trim(), value.trim())
}

/// A header as a request may have it.
pub(crate) fn check_header(name: &str, value: &str) -> Result<(String, String), String> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(format!("{name:?} is no name of letters, digits and hyphens; the gateway drops such headers"));
    }
    if name.eq_ignore_ascii_case("host") && !proxy::http::target::valid_host(value.as_bytes()) {
        return Err(format!("{value:?} is not a host"));
    }
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(format!("the value of {name} has a control character"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// `gatehouse test`.
#[derive(Debug, Args)]
pub struct Test {
    /// The cases, YAML.
    pub cases: PathBuf,
    /// The document and its site file.
    #[command(flatten)]
    pub documents: Documents,
}

/// `gatehouse diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The document before.
    pub before: PathBuf,
    /// The document after.
    pub after: PathBuf,
}

/// The forms a document can be printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The resource as Azure Resource Manager takes it.
    Arm,
    /// The same as YAML.
    Yaml,
}

/// `gatehouse export`.
#[derive(Debug, Args)]
pub struct Export {
    /// What to print.
    #[command(flatten)]
    pub documents: Documents,
    /// In which form.
    #[arg(long, value_enum, default_value_t = ExportFormat::Arm)]
    pub format: ExportFormat,
    /// Leave the `gatehouse` extensions in, which Azure would not take.
    #[arg(long)]
    pub keep_extensions: bool,
}

/// A question to a running gateway.
#[derive(Debug, Args)]
pub struct Ask {
    /// The gateway's socket. Default: `gatehouse.sock` in XDG_RUNTIME_DIR, else `admin.sock` in the state folder.
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `gatehouse waf`.
#[derive(Debug, Args)]
pub struct Waf {
    /// What to do.
    #[command(subcommand)]
    pub command: WafCommand,
}

/// What `gatehouse waf` does.
#[derive(Debug, Subcommand)]
pub enum WafCommand {
    /// Fetch the core rule set as this machine's distribution packs it, and unpack it. Needs no root, installs nothing.
    Install(WafInstall),
    /// Show what a policy does with recorded requests, and which ones two policies treat differently.
    Replay(Replay),
}

/// `gatehouse waf replay`.
#[derive(Debug, Args)]
#[command(override_usage = "gatehouse waf replay [OPTIONS] DOC FILE...")]
pub struct Replay {
    /// The document with the policy.
    #[arg(value_name = "DOC")]
    pub document: PathBuf,
    /// Requests: files with one raw HTTP request each, or access and firewall logs in JSON lines; `-`: standard input.
    #[arg(value_name = "FILE", required = true)]
    pub requests: Vec<PathBuf>,
    /// What stands beside the documents.
    #[command(flatten)]
    pub beside: Beside,
    /// Another document; shown are the requests that it treats otherwise.
    #[arg(long, value_name = "DOC")]
    pub against: Option<PathBuf>,
    /// Judge by this policy wherever requests go. Otherwise routing decides.
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,
    /// The policy of the other document, where it has another name; without another document, one of the same.
    #[arg(long, value_name = "NAME")]
    pub against_policy: Option<String>,
    /// Only the request that the logs call so, with all that is known of it.
    #[arg(long, value_name = "ID")]
    pub transaction: Option<String>,
    /// A line for each request before the report.
    #[arg(long)]
    pub each: bool,
    /// Examples that are kept of each rule.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub examples: usize,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `gatehouse waf install`.
#[derive(Debug, Args)]
pub struct WafInstall {
    /// A package file that is at hand, instead of fetching one.
    #[arg(long, value_name = "FILE")]
    pub package: Option<PathBuf>,
    /// The folder to put the rules below. Default: `rule-sets` in the state folder.
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_begins_with_what_the_product_is() {
        let help = Cli::command().render_help().to_string();
        assert!(help.starts_with("An application gateway that anyone can run"), "{help}");
    }

    #[test]
    fn dev_takes_a_document_or_the_word_trust() {
        let parse = |args: &[&str]| {
            let command = ["gatehouse", "dev"].iter().chain(args);
            match Cli::try_parse_from(command).map_err(|error| error.to_string())?.command {
                Command::Dev(dev) => Ok((dev.command.is_some(), dev.document)),
                other => Err(format!("{other:?}")),
            }
        };
        assert_eq!(parse(&[]), Ok((false, None)));
        assert_eq!(parse(&["trust"]), Ok((true, None)));
        assert_eq!(parse(&["./trust"]), Ok((false, Some(PathBuf::from("./trust")))));
        for wrong in [&["gateway.json", "trust"][..], &["--site", "site.yaml"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn explain_takes_headers_that_the_gateway_takes() {
        let parse = |header| {
            let command = ["gatehouse", "explain", "GET", "http://a/", "gateway.json", "-H", header];
            let Command::Explain(explain) = Cli::try_parse_from(command).map_err(|error| error.to_string())?.command
            else {
                return Err("another command".to_owned());
            };
            Ok(explain.headers)
        };
        for (header, name, value) in [
            ("Host: shop.example", "Host", "shop.example"),
            ("host:[::1]:8080", "host", "[::1]:8080"),
            ("X-Empty:", "X-Empty", ""),
            ("Accept: text/html", "Accept", "text/html"),
        ] {
            assert_eq!(parse(header), Ok(vec![(name.to_owned(), value.to_owned())]), "{header}");
        }
        for (header, why) in [
            ("X_Under: 1", "is no name of letters, digits and hyphens"),
            ("X: a\nb", "has a control character"),
            ("shop.example", "a header is written as"),
            ("Host: a b", "is not a host"),
        ] {
            assert!(parse(header).unwrap_err().contains(why), "{header}: {:?}", parse(header));
        }
    }
}
