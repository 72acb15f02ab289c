//! The head of an HTTP/1 message as it stood on the wire.

/// A start line and fields. Bytes are kept as characters of the same number, so nothing is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Everything up to and with the empty line.
    pub text: String,
    /// The first line.
    pub start: String,
    /// Fields in order, names as sent, values without the blanks around them.
    pub fields: Vec<(String, String)>,
}

impl Head {
    /// Splits a head. `Err` says what is not right about it: the reader is strict.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let lines = text.strip_suffix("\r\n\r\n").ok_or("the head does not end in an empty line")?;
        let mut lines = lines.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let mut fields = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
            if name.is_empty() || name.contains([' ', '\t', '\r', '\n']) || value.contains(['\r', '\n']) {
                return Err(format!("this is no field line: {line:?}"));
            }
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Self { text, start, fields })
    }

    /// The value of a field that stands once. Panics when it stands more often: no test means that by accident.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} stands {} times in {:?}", all.len(), self.text);
        all.first().copied()
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(its, _)| its.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a field is there.
    pub fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    /// The names of all fields, in lower case, in order.
    pub fn names(&self) -> Vec<String> {
        self.fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// The length that Content-Length gives.
    #[track_caller]
    pub fn length(&self) -> Option<usize> {
        self.field("content-length").map(|text| text.parse().unwrap())
    }

    /// Whether the content comes in chunks.
    #[track_caller]
    pub fn chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }
}
