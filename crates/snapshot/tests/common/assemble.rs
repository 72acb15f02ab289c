//! A whole gateway from a few of its sections.

/// The document, and how many lines of it stand before the case's own text.
pub(crate) fn assemble(base: &str, text: &str) -> (String, usize) {
    let key = |line: &str| -> Option<String> {
        let is_key = line.starts_with(|c: char| c.is_ascii_alphabetic());
        is_key.then(|| line.split(':').next().unwrap_or_default().to_owned())
    };
    let own: Vec<String> = text.lines().filter_map(key).collect();
    let mut document = "name: gw\ntype: Microsoft.Network/applicationGateways\nproperties:\n".to_owned();
    let mut is_kept = true;
    for line in base.lines() {
        if let Some(key) = key(line) {
            is_kept = !own.contains(&key);
        }
        if is_kept {
            document.push_str(&format!("  {line}\n"));
        }
    }
    let offset = document.lines().count();
    for line in text.lines() {
        document.push_str(&format!("  {line}\n"));
    }
    (document, offset)
}
