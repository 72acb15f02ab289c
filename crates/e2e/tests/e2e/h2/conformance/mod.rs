//! One case for each requirement on a server in RFC 9113 and RFC 7541, named after it. The selection follows the public
//! conformance suites; as there, the end of a stream may also show as the end of its connection, and that of a
//! connection as GOAWAY or as a closed connection.

mod basics;
mod compression;
mod framing;
mod kinds;
mod messages;
mod settings;
mod streams;
mod windows;

use e2e::h2::words_of;

use super::Bench;

/// A requirement and how it is proven.
type Case = (&'static str, fn(&Bench));

/// Runs cases, each on connections of its own, and says which failed. After each the gateway still has to serve.
fn prove(section: &str, cases: &[Case]) {
    let bench = Bench::new();
    let mut failures = Vec::new();
    for (name, run) in cases {
        let failed = words_of(|| run(&bench)).or_else(|| {
            let after = words_of(|| assert_eq!(bench.h2().get("/after").status(), 200));
            after.map(|why| format!("the next connection: {why}"))
        });
        failures.extend(failed.map(|why| format!("{name}: {why}")));
    }
    eprintln!("{section}: {} cases, {} failed", cases.len(), failures.len());
    assert!(failures.is_empty(), "{section}: {} of {} failed:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Section, number of cases and cases.
const SECTIONS: &[(&str, &[Case])] = &[
    ("beginning and streams", basics::STREAMS),
    ("frames that have to be accepted", basics::FRAMES),
    ("messages", basics::MESSAGES),
    ("forms of header compression", basics::COMPRESSION),
    ("9113 3.4, 4.1 to 4.3: framing", framing::CASES),
    ("9113 5.1: states of streams", streams::STATES),
    ("9113 5.1.1 to 5.5: numbers, concurrency, errors, extensions", streams::RULES),
    ("9113 6.1 to 6.4: DATA, HEADERS, PRIORITY, RST_STREAM", kinds::CASES),
    ("9113 6.5 to 6.8: SETTINGS, PING, GOAWAY", settings::CASES),
    ("9113 6.9: WINDOW_UPDATE", windows::CASES),
    ("9113 6.10 and 7: CONTINUATION, error codes", kinds::CONTINUATIONS),
    ("9113 8.1 to 8.4: messages", messages::CASES),
    ("7541: header compression", compression::CASES),
];

#[test]
fn no_case_of_the_suite_was_lost() {
    let count: usize = SECTIONS.iter().map(|(_, cases)| cases.len()).sum();
    assert_eq!(count, 147);
}

macro_rules! sections {
    ($($number:literal $name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                let (section, cases) = SECTIONS[$number];
                prove(section, cases);
            }
        )*

        #[test]
        fn every_section_has_a_test() {
            assert_eq!([$($number),*].len(), SECTIONS.len());
        }
    };
}

sections! {
    0 beginning_and_streams,
    1 frames_that_have_to_be_accepted,
    2 messages_that_have_to_be_accepted,
    3 forms_of_header_compression,
    4 framing_rules,
    5 states_of_streams,
    6 numbers_concurrency_errors_and_extensions,
    7 data_headers_priority_and_reset,
    8 settings_ping_and_goaway,
    9 window_updates,
    10 continuations_and_error_codes,
    11 malformed_messages,
    12 header_compression_errors,
}
