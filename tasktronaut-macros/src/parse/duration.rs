//! `"200ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"`: a whole number and a unit.

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The milliseconds of `text`, or, when it is no duration, how it was probably meant.
pub(crate) fn milliseconds(text: &str) -> Result<u64, Option<String>> {
    strict(text).ok_or_else(|| meant(text).filter(|better| strict(better).is_some()))
}

fn strict(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Reads `30 s`, `30sec`, `1.5s`, `1h30m` and `PT`-less words of a unit.
fn meant(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let mut rest = text.as_str();
    let mut total: f64 = 0.0;
    let mut single = None;
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        let after = rest[end..].trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, factor) = unit(&after[..end])?;
        total += number * factor;
        single = (number.fract() == 0.0).then(|| format!("{number}{unit}"));
        parts += 1;
        rest = after[end..].trim_start();
    }
    if parts == 1 && single.is_some() { single } else { (parts > 0).then(|| shortest(total)) }
}

fn unit(word: &str) -> Option<(&'static str, f64)> {
    Some(match word {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => ("s", 1_000.0),
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => ("ms", 1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => ("m", 60_000.0),
        "h" | "hr" | "hour" | "hours" => ("h", 3_600_000.0),
        "d" | "day" | "days" => ("d", 86_400_000.0),
        _ => return None,
    })
}

/// The largest unit in which `milliseconds` is a whole number.
fn shortest(milliseconds: f64) -> String {
    let sizes = [("h", 3_600_000.0), ("m", 60_000.0), ("s", 1_000.0), ("ms", 1.0)];
    let (unit, size) =
        sizes.into_iter().find(|(_, size)| (milliseconds / size).fract() == 0.0).unwrap_or(("ms", 1.0));
    format!("{}{unit}", (milliseconds / size).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(milliseconds("200ms"), Ok(200));
        assert_eq!(milliseconds("30s"), Ok(30_000));
        assert_eq!(milliseconds("5m"), Ok(300_000));
        assert_eq!(milliseconds("2h"), Ok(7_200_000));
        assert_eq!(milliseconds("1d"), Ok(86_400_000));
    }

    #[test]
    fn what_was_meant_is_shown() {
        let meant = |text: &str| milliseconds(text).err().flatten();
        assert_eq!(meant("30"), Some("30s".into()));
        assert_eq!(meant("30 s"), Some("30s".into()));
        assert_eq!(meant("30sec"), Some("30s".into()));
        assert_eq!(meant("1.5s"), Some("1500ms".into()));
        assert_eq!(meant("1h30m"), Some("90m".into()));
        assert_eq!(meant("soon"), None);
        assert_eq!(meant(""), None);
        assert_eq!(meant("99999999999999999999d"), None);
    }
}
