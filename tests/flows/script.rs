//! Flow scripts: what a provider does wrong and what has to come of it, as data. `fixtures/flows/README.md` describes
//! the members; a member that is misspelt is an error here.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One sign-in, or a few, with its expected end.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Flow {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) options: Map<String, Value>,
    #[serde(default)]
    pub(crate) sign_in: Map<String, Value>,
    #[serde(default)]
    pub(crate) provider: Behaviour,
    #[serde(default = "honest_callback")]
    pub(crate) callback: String,
    #[serde(default)]
    pub(crate) client_clock_ahead: i64,
    #[serde(default = "usual_steps")]
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: String,
    pub(crate) phase: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) session: Option<Map<String, Value>>,
    pub(crate) end_session: Option<Map<String, Value>>,
    pub(crate) requests: Vec<String>,
}

pub(crate) fn honest_callback() -> String {
    "$redirectUri?code=$code&state=$state&iss=$iss".to_owned()
}

fn usual_steps() -> Vec<Step> {
    vec![Step::Do(Action::SignIn), Step::Do(Action::Callback)]
}

/// What happens next.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Do(Action),
    Wait(Wait),
    Change(Change),
    Check(Check),
}

/// Time passes, for client and provider.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    pub(crate) wait: i64,
}

/// From now on the provider behaves like this.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) change: Box<Behaviour>,
}

/// A step with an outcome of its own.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    #[serde(rename = "do")]
    pub(crate) action: Action,
    pub(crate) expect: String,
    pub(crate) requests: Option<Vec<String>>,
    pub(crate) callback: Option<String>,
}

/// What the application does.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    /// Fetch metadata and keys before they are needed.
    Preload,
    /// Prepare a sign-in; the person then signs in at the provider.
    SignIn,
    /// Handle the URL the provider sends the browser back to.
    Callback,
    /// Handle it twice at the same time.
    CallbackTwice,
    /// Load the page anew.
    Reload,
    /// Look for a stored session.
    Restore,
    UserInfo,
    AccessToken,
    SignOut,
    SignOutHere,
    ClearSession,
    /// Something else writes nonsense over everything this tab keeps.
    GarbleStorage,
    /// Storage takes nothing any more.
    BreakStorage,
}

/// How the provider differs from an honest one.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Behaviour {
    pub(crate) discovery: Answer,
    pub(crate) jwks: Answer,
    /// Of the endpoint for pushed authorization requests.
    pub(crate) par: Answer,
    pub(crate) token: Answer,
    pub(crate) userinfo: Answer,
    pub(crate) id_token: IdToken,
}

/// One endpoint's answer.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    /// Empty: no header at all.
    pub(crate) content_type: Option<String>,
    /// Members over the honest ones.
    pub(crate) body: Map<String, Value>,
    /// A body as text, instead.
    pub(crate) text: Option<String>,
    /// How often `text` is repeated.
    pub(crate) times: Option<usize>,
    /// A body as bytes, instead.
    pub(crate) hex: Option<String>,
    pub(crate) fault: Option<Fault>,
}

/// Answers that are not quite HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fault {
    /// The connection ends without an answer.
    Network,
    /// The page's origin may not read the answer.
    NoCors,
    /// Nothing comes.
    Silent,
    /// Header and some body come at once, and then nothing.
    SlowBody,
    /// The body never ends.
    Endless,
    /// A small body becomes a huge one.
    GzipBomb,
    /// The header promises more than comes.
    Truncated,
    /// To another origin, which counts what reaches it.
    Redirect,
}

/// How an ID Token is made.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct IdToken {
    /// Name of the key in `test-keys.json` that signs.
    pub(crate) key: Option<String>,
    /// The algorithm it signs with.
    pub(crate) alg: Option<String>,
    /// Members over the honest ones.
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// JSON as text, instead.
    pub(crate) header_text: Option<String>,
    pub(crate) claims_text: Option<String>,
    pub(crate) claims_hex: Option<String>,
    pub(crate) salt_length: Option<usize>,
    pub(crate) signature: Option<Signature>,
    /// After signing, one character in the middle of this part is changed.
    pub(crate) tamper: Option<Part>,
    /// After signing, the character at this place of the whole token is changed.
    pub(crate) tamper_at: Option<usize>,
    /// After signing, this is put at the end of that part.
    pub(crate) append: Map<String, Value>,
    /// Anything, instead; `$header`, `$payload` and `$signature` stand for the honest parts.
    pub(crate) text: Option<String>,
}

/// Signatures no honest provider makes.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Signature {
    Empty,
    /// 64 octets of zero: r = s = 0.
    Zeros,
    /// ECDSA in ASN.1 DER.
    EcDer,
    /// HMAC with the public key, in one of its forms, as the secret.
    HmacPem,
    HmacDer,
    HmacJwk,
}

/// Parts of a token.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Part {
    Header,
    Payload,
    Signature,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        }
    }
}

/// What the words that begin with `$` stand for.
pub(crate) struct Words<'a> {
    /// Longer names first, where one begins like another.
    pub(crate) texts: &'a [(&'a str, String)],
    pub(crate) now: i64,
    /// The public JWK of a key.
    pub(crate) public_key: &'a dyn Fn(&str) -> Map<String, Value>,
}

impl Words<'_> {
    pub(crate) fn text(&self, text: &str) -> String {
        self.texts.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }

    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                if let Some(seconds) = members.get("$now").and_then(Value::as_i64) {
                    return (self.now + seconds).into();
                }
                if let (Some(Value::String(text)), Some(times)) = (members.get("$repeat"), members.get("times")) {
                    return text.repeat(times.as_u64().unwrap() as usize).into();
                }
                let like = members.get("$like").and_then(Value::as_str);
                let base = like.map(self.public_key).unwrap_or_default();
                let rest = members.iter().filter(|(name, _)| *name != "$like");
                self.merge(base, &rest.map(|(name, value)| (name.clone(), value.clone())).collect()).into()
            }
            other => other.clone(),
        }
    }

    /// Puts `changes` over `base`; `"$absent"` takes a member away.
    pub(crate) fn merge(&self, mut base: Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
        for (name, value) in changes {
            if value == "$absent" {
                base.remove(name);
            } else {
                base.insert(name.clone(), self.value(value));
            }
        }
        base
    }
}
