//! Local ports: which one, is it free, does somebody answer there.

use std::env;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::error::{Error, Result};

/// Where one part of the demo listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) number: u16,
    pub(crate) variable: &'static str,
}

impl Port {
    /// The environment variable decides, else the default.
    pub(crate) fn from_environment(variable: &'static str, default: u16) -> Result<Self> {
        let text = env::var(variable).unwrap_or_default();
        Ok(Self { number: parse(variable, &text, default)?, variable })
    }

    pub(crate) fn url(self) -> String {
        format!("http://localhost:{}", self.number)
    }

    /// Free on both loopback addresses, since "localhost" may mean either.
    pub(crate) fn is_free(self) -> bool {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        loopback.iter().all(|address| match TcpListener::bind((*address, self.number)) {
            Ok(_) => true,
            // A machine without IPv6 is no taken port.
            Err(error) => !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied),
        })
    }

    /// The status of a GET, or nothing when nobody answers yet.
    pub(crate) fn status(self, path: &str) -> Option<u16> {
        let addresses = ("localhost", self.number).to_socket_addrs().ok()?;
        addresses.into_iter().find_map(|address| {
            let limit = Duration::from_secs(5);
            let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
            stream.set_read_timeout(Some(limit)).ok()?;
            let host = self.number;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{host}\r\nConnection: close\r\n\r\n").ok()?;
            let mut start = [0; 12];
            stream.read_exact(&mut start).ok()?;
            parse_status(&start)
        })
    }
}

fn parse(variable: &str, text: &str, default: u16) -> Result<u16> {
    if text.is_empty() {
        return Ok(default);
    }
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| Error::new(format!("{variable} must be a port number between 1 and 65535, not \"{text}\".")))
}

/// The status in "HTTP/1.1 200".
fn parse_status(start: &[u8; 12]) -> Option<u16> {
    let (version, status) = std::str::from_utf8(start).ok()?.split_once(' ')?;
    version.starts_with("HTTP/1.").then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_decides_and_nonsense_is_refused() {
        let parsed = |text| parse("DEMO_PORT", text, 9400).map_err(|error| error.to_string());
        assert_eq!(parsed(""), Ok(9400));
        assert_eq!(parsed("8080"), Ok(8080));
        for text in ["0", "65536", "http", "-1", "80 "] {
            assert!(parsed(text).is_err_and(|message| message.contains("DEMO_PORT")), "{text}");
        }
    }

    #[test]
    fn reads_the_status_of_an_http_answer() {
        assert_eq!(parse_status(b"HTTP/1.1 200"), Some(200));
        assert_eq!(parse_status(b"HTTP/1.0 404"), Some(404));
        assert_eq!(parse_status(b"SSH-2.0-Open"), None);
    }

    #[test]
    fn a_port_is_taken_while_somebody_listens_on_either_loopback_address() -> io::Result<()> {
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let Ok(listener) = TcpListener::bind((address, 0)) else { continue };
            let port = Port { number: listener.local_addr()?.port(), variable: "DEMO_PORT" };
            assert!(!port.is_free());
        }
        Ok(())
    }

    #[test]
    fn asks_for_the_status_over_http() -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = Port { number: listener.local_addr()?.port(), variable: "DEMO_PORT" };
        let server = std::thread::spawn(move || -> io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            // All of it: a connection that is closed with something unread is reset, and the answer lost with it.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte)?;
                request.extend(byte);
            }
            assert!(request.starts_with(b"GET /where "));
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        });
        assert_eq!(port.status("/where"), Some(204));
        server.join().map_err(|_| io::Error::other("the server failed"))?
    }
}
