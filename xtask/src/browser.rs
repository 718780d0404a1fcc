//! The Chromium that the tests drive, and its ChromeDriver.

use std::env;
use std::path::PathBuf;

use crate::process::{self, Workspace};
use crate::version;

pub(crate) const DEBIAN_PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
/// Environment variables that name the two programs.
pub(crate) const CHROMIUM: &str = "CHROMIUM";
pub(crate) const CHROMEDRIVER: &str = "CHROMEDRIVER";

pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

pub(crate) fn is_chosen_by_hand() -> bool {
    [CHROMIUM, CHROMEDRIVER].iter().any(|name| env::var_os(name).is_some())
}

/// Both programs, of one major version; or what is wrong with them.
pub(crate) fn find(workspace: &Workspace) -> Result<Browser, String> {
    let chromium = locate(
        workspace,
        CHROMIUM,
        &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
    )?;
    let driver = locate(workspace, CHROMEDRIVER, &["chromedriver"])?;
    let of_browser = version_of(workspace, &chromium)?;
    let of_driver = version_of(workspace, &driver)?;
    same_major(of_browser, of_driver)?;
    Ok(Browser { chromium, driver })
}

fn locate(workspace: &Workspace, variable: &str, names: &[&str]) -> Result<PathBuf, String> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from) {
        let wrong = format!("the environment variable {variable} names {}, which is no file", path.display());
        return if path.is_file() { Ok(path) } else { Err(wrong) };
    }
    names.iter().find_map(|name| workspace.find(name)).ok_or_else(|| format!("no {} in PATH", names.join(" or ")))
}

fn version_of(workspace: &Workspace, program: &std::path::Path) -> Result<(u64, u64, u64), String> {
    let mut command = workspace.command_with(&program.to_string_lossy(), &["--version"]);
    let said = process::capture(&mut command).map_err(|error| error.to_string())?;
    version::find(&said).ok_or_else(|| format!("{} prints no version", program.display()))
}

fn same_major(browser: (u64, u64, u64), driver: (u64, u64, u64)) -> Result<(), String> {
    if browser.0 == driver.0 {
        return Ok(());
    }
    Err(format!(
        "Chromium has version {} and ChromeDriver {}, which cannot drive it",
        version::show(browser),
        version::show(driver)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_must_have_the_browsers_major_version() {
        assert_eq!(same_major((156, 0, 8078), (156, 0, 7000)), Ok(()));
        let message = same_major((156, 0, 8078), (155, 0, 1));
        assert!(message.is_err_and(|text| text.contains("156.0.8078") && text.contains("155.0.1")));
    }
}
