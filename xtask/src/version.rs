//! Reading version numbers: what a tool prints, what Cargo.lock holds.

use crate::error::{Error, Result};

/// The first `major.minor.patch` in what a program prints for `--version`.
pub(crate) fn find(text: &str) -> Option<(u64, u64, u64)> {
    text.split_whitespace().find_map(parse)
}

fn parse(word: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = word.strip_prefix('v').unwrap_or(word).splitn(3, '.').map(leading_number);
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

/// The number at the start of "2", "2-nightly" or "8078.79".
fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

pub(crate) fn show((major, minor, patch): (u64, u64, u64)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// The version of `package` in the text of a Cargo.lock.
pub(crate) fn locked(lock: &str, package: &str) -> Result<String> {
    let name = format!("name = \"{package}\"");
    let mut versions = lock
        .split("[[package]]")
        .filter(|entry| entry.lines().any(|line| line == name))
        .filter_map(|entry| entry.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')));
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version.to_owned()),
        (None, _) => Err(Error::new(format!(
            "Cargo.lock has no package {package}. Run `cargo update --workspace` and try again."
        ))),
        (Some(one), Some(other)) => Err(Error::new(format!(
            "Cargo.lock has two versions of {package}, {one} and {other}. Make Cargo.toml ask for one only."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_version_in_what_tools_print() {
        assert_eq!(find("v20.20.2\n"), Some((20, 20, 2)));
        assert_eq!(find("11.19.1"), Some((11, 19, 1)));
        assert_eq!(find("wasm-bindgen 0.2.130"), Some((0, 2, 130)));
        assert_eq!(find("rustc 1.95.0-nightly (abc 2026-04-14)"), Some((1, 95, 0)));
        assert_eq!(find("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"), Some((156, 0, 8078)));
    }

    #[test]
    fn finds_nothing_where_there_is_no_version() {
        for text in ["", "v", "20", "20.1", "one.two.three", "v20..1"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = ["cfg-if"]

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"

[[package]]
name = "base64"
version = "0.22.1"

[[package]]
name = "base64"
version = "0.23.0"
"#;

    #[test]
    fn reads_the_locked_version_of_exactly_that_package() -> Result<()> {
        assert_eq!(locked(LOCK, "wasm-bindgen")?, "0.2.130");
        assert_eq!(locked(LOCK, "wasm-bindgen-futures")?, "0.4.80");
        Ok(())
    }

    #[test]
    fn refuses_a_package_that_is_absent_or_there_twice() {
        let message = |package| locked(LOCK, package).map_err(|error| error.to_string());
        assert!(message("wasm").is_err_and(|text| text.contains("no package wasm")));
        assert!(message("base64").is_err_and(|text| text.contains("0.22.1 and 0.23.0")));
    }
}
