//! "Did you mean": the name nearest to a misspelled one.

/// The candidate nearest to `name`, without regard to case; `None` when nothing is near enough to be meant.
///
/// Near enough: at most a third of the name's length in edits (one at least, four at most), or one is the beginning
/// of the other.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 200;
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&wanted, &lower);
            let prefix =
                wanted.len() >= 4 && lower.len() >= 4 && (lower.starts_with(&wanted) || wanted.starts_with(&lower));
            let distance = if prefix { distance.min(limit) } else { distance };
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["api", "shop-2024", "requestTimeout", "hostNames"];
        let rows = [
            ("shop-2025", Some("shop-2024")),
            ("SHOP-2024x", Some("shop-2024")),
            ("requestTimeoutInSec", Some("requestTimeout")),
            ("hostName", Some("hostNames")),
            ("apl", Some("api")),
            ("zzz", None),
            ("", None),
        ];
        for (name, expected) in rows {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}
