//! What the requests to all endpoints have in common: options in, parameters and headers out (RFC 6749, section 3.2).
//!
//! Each message has a file of its own with a [`Message`]: the table of what it sends and what the answer has. Options
//! are called like the parameters they become, in camelCase; one that no table has is refused.

use crate::error::{Error, ErrorCode, Phase, Result};
use crate::http::{HttpRequest, Method, media_type};
use crate::json::{Json, Object, Table, entries, has_entry};
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::policy::DiscoveryPolicy;
use crate::secret::{Secret, redacted};
use crate::text::{camel, concat, cut, decimal};

/// Most bytes of an answer.
const MAX_RESPONSE: usize = 256 * 1024;

/// Which common options a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Where it goes, and parameters: it becomes a URL.
    Parameters,
    /// Where it goes, and headers: nobody has to be identified.
    Headers,
    /// Parameters, and nothing about where they go.
    OnlyParameters,
    /// Headers; where it goes is told by options of its own.
    OnlyHeaders,
    /// Everything.
    ClientAndParameters,
}

/// One kind of request, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// The member of the provider's metadata with the URL.
    pub endpoint: &'static str,
    /// What it is called in errors.
    pub phase: Phase,
    /// The method.
    pub method: Method,
    /// Which of the common options it takes.
    pub takes: Takes,
    /// Options that are not parameters.
    pub options: Table,
    /// Parameters by their names on the wire, in their order. As in a [`Table`], but: `[`: a text, or a list of texts
    /// that are sent one by one. `{`: an object or a list, sent as JSON text. `+`: a text that is sent empty when it is
    /// missing. `name=value`: always this. What must be there may also come among `parameters`.
    pub sends: Table,
    /// The option with the token for the `Authorization` header; empty for none.
    pub bearer: &'static str,
    /// The statuses of success.
    pub success: &'static [u16],
    /// Members of the answer by their names on the wire.
    pub answers: Table,
}

impl Message {
    /// A form that is answered with JSON, to be completed.
    pub const FORM: Self = Self {
        endpoint: "",
        phase: Phase::Token,
        method: Method::Post,
        takes: Takes::ClientAndParameters,
        options: "",
        sends: "",
        bearer: "",
        success: &[200],
        answers: "",
    };
    /// A document that is fetched, to be completed.
    pub const DOCUMENT: Self = Self { method: Method::Get, takes: Takes::Headers, ..Self::FORM };
}

impl Takes {
    fn options(self) -> Table {
        match self {
            Self::Parameters => "address {metadata ?dangerousAllowHttp *parameters",
            Self::OnlyParameters => "*parameters",
            Self::Headers => "address {metadata ?dangerousAllowHttp {headers #timeoutSeconds",
            Self::OnlyHeaders => "{headers #timeoutSeconds",
            Self::ClientAndParameters => {
                "address {metadata ?dangerousAllowHttp {headers #timeoutSeconds *parameters clientId {clientAuthentication \
                 ?dpop ?dangerousAllowBearer"
            }
        }
    }
}

/// Headers that the core sets itself, or that a page may not set.
const OWN_HEADERS: [&str; 5] = ["accept", "authorization", "content-type", "content-length", "cookie"];

/// A request whose options were checked, as a form that can still grow.
pub struct Request {
    /// The options.
    pub options: Object,
    /// What the body will be, except for the client's authentication.
    pub form: Parameters,
}

redacted!(Request);

impl Request {
    /// Reads options as TypeScript gives them. `null` counts as absent.
    pub fn parse(options: &Object, message: &Message) -> Result<Self> {
        let mut given = Object::default();
        let common = message.takes.options();
        for (name, value) in options.iter().filter(|(_, value)| **value != Json::Null) {
            let is_sent = entries(message.sends).iter().any(|(_, _, wire)| camel(wire) == name);
            if !is_sent && !has_entry(common, name) && !has_entry(message.options, name) {
                return Err(invalid(name, "there is no such option"));
            }
            given.set(name, value.clone());
        }
        for table in [common, message.options] {
            given.check(table).map_err(|name| invalid(name, "missing or of the wrong type"))?;
        }
        check_ranges(&given).map_err(|name| invalid(name, "out of range"))?;
        let mut form = Parameters::parse(given.get("parameters"))?;
        for (required, mark, wire) in entries(message.sends) {
            add(&mut form, required, mark, wire, &given)?;
        }
        form.check_resources().map_err(|_| invalid("resource", "not an absolute URI without a fragment"))?;
        Ok(Self { options: given, form })
    }

    /// Whether a proof of possession goes along: one that is made for each attempt, or one that was given.
    pub fn has_proof(&self) -> bool {
        let given = self.options.object("headers").into_iter().flat_map(Object::iter);
        self.options.flag("dpop") || given.into_iter().any(|(name, _)| name.eq_ignore_ascii_case("dpop"))
    }

    /// How long the answer may take, in seconds.
    pub fn timeout(&self) -> i64 {
        self.options.number("timeoutSeconds").unwrap_or(10)
    }

    /// The endpoint's URL: as given, or from the metadata. A client that authenticates by certificate gets the alias
    /// for that (RFC 8705, section 5).
    pub fn endpoint(&self, name: &'static str, by_certificate: bool) -> Result<String> {
        let metadata = self.options.object("metadata");
        let alias = metadata.filter(|_| by_certificate).and_then(|metadata| metadata.object("mtls_endpoint_aliases"));
        let url = match (self.options.str("address"), metadata) {
            (Some(address), _) => Some(address),
            (None, Some(metadata)) => alias.and_then(|alias| alias.str(name)).or(metadata.str(name)),
            (None, None) => return Err(invalid("address", "give address or metadata")),
        };
        let url = url.ok_or_else(|| Error::new(ErrorCode::EndpointMissing).with("name", name))?;
        DiscoveryPolicy::of(&self.options).check_url(name, url)?;
        Ok(url.to_owned())
    }

    /// The request itself; its form comes last, when the client has authenticated itself.
    pub fn build(&self, url: &str, message: &Message) -> Result<HttpRequest> {
        let mut http = HttpRequest::new(message.method, url, media_type::JSON, MAX_RESPONSE);
        if let Some(token) = self.options.str(message.bearer) {
            if !is_printable(token, false) {
                return Err(invalid(message.bearer, "not fit for a header"));
            }
            // A token that comes with a proof is bound to its key (RFC 9449, section 7.1).
            let scheme = if self.has_proof() { "DPoP " } else { "Bearer " };
            http.authorization = Some(Secret::new(concat(&[scheme, token])));
        }
        for (name, value) in self.options.object("headers").iter().flat_map(|headers| headers.iter()) {
            let lower = name.to_ascii_lowercase();
            let value = value.as_text().filter(|value| is_printable(value, true));
            let is_own = OWN_HEADERS.contains(&lower.as_str()) || (lower == "dpop" && self.options.flag("dpop"));
            match value
                .filter(|_| !is_own && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
            {
                Some(value) => http.headers.set_text(&lower, value),
                None => return Err(invalid("headers", name)),
            }
        }
        Ok(http)
    }
}

fn is_printable(text: &str, spaces: bool) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || (spaces && b == b' '))
}

/// Adds the parameter of one option. Nothing is given twice: an option and a parameter of the same name contradict each
/// other sooner or later.
fn add(form: &mut Parameters, required: bool, mark: u8, entry: &'static str, options: &Object) -> Result<()> {
    let (wire, fixed) = cut(entry, b'=');
    let name = camel(wire);
    let (option, in_parameters) = (options.get(&name), form.contains(wire));
    if in_parameters && (option.is_some() || fixed.is_some()) {
        return Err(invalid(&name, "also in parameters"));
    }
    let wrong = || Err(invalid(&name, if option.is_none() { "missing" } else { "of the wrong type" }));
    match (mark, option) {
        (_, None) if in_parameters => {}
        (b'+', None) => form.add(wire, ""),
        (_, None) => match fixed {
            Some(value) => form.add(wire, value),
            None if required => return wrong(),
            None => {}
        },
        (0 | b'[' | b'+', Some(Json::String(text))) => {
            // A parameter without a value is as good as none (RFC 6749, section 3.1).
            if text.is_empty() && required {
                return wrong();
            }
            if !text.is_empty() || mark == b'+' {
                form.add(wire, text);
            }
        }
        (b'[', Some(Json::Array(texts))) => {
            for text in texts {
                let Json::String(text) = text else { return wrong() };
                form.add(wire, text);
            }
        }
        (b'#', Some(Json::Number(number))) => match number.whole() {
            Some(number) if number >= 0 => form.add(wire, &decimal(number)),
            _ => return wrong(),
        },
        (b'{', Some(value @ (Json::Object(_) | Json::Array(_)))) => form.add(wire, &value.to_text()),
        _ => return wrong(),
    }
    Ok(())
}

/// The members that are not `null`, each of a name in the table and of its kind. An option that nobody reads is a
/// mistake: a misspelling, another library's name, or a secret, which a page cannot keep (RFC 9700, section 2.5).
pub fn checked(options: &Object, table: Table, code: ErrorCode) -> Result<Object> {
    let mut given = Object::default();
    let refuse = |name: &str, reason| Err(Error::new(code).with("option", name).with("reason", reason));
    for (name, value) in options.iter().filter(|(_, value)| **value != Json::Null) {
        if !has_entry(table, name) {
            let is_secret = name.ends_with("ecret");
            return refuse(name, if is_secret { "register a public client" } else { "there is no such option" });
        }
        given.set(name, value.clone());
    }
    match (given.check(table), check_ranges(&given)) {
        (Err(name), _) => refuse(name, "missing or of the wrong type"),
        (_, Err(name)) => refuse(name, "out of range"),
        _ => Ok(given),
    }
}

/// Times that every call may name have the same bounds everywhere, in seconds; `Err` with the option that has not. A
/// larger tolerance would switch expiry off without saying so.
fn check_ranges(options: &Object) -> std::result::Result<(), &'static str> {
    for (name, least) in [("clockToleranceSeconds", 0), ("timeoutSeconds", 1)] {
        if options.number(name).is_some_and(|seconds| !(least..=300).contains(&seconds)) {
            return Err(name);
        }
    }
    Ok(())
}
