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
    pub(crate) callback: Option<String>,
    #[serde(default)]
    pub(crate) client_clock_ahead: i64,
    /// Where the page keeps its DPoP key during a sign-in.
    #[serde(default)]
    pub(crate) key: KeyPlace,
    #[serde(default = "usual_steps")]
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: String,
    pub(crate) phase: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) session: Option<Map<String, Value>>,
    pub(crate) end_session: Option<Map<String, Value>>,
    /// Members of the last error's details.
    #[serde(default)]
    pub(crate) details: Map<String, Value>,
    /// Parameters of the last authorization request.
    #[serde(default)]
    pub(crate) authorization: Map<String, Value>,
    pub(crate) requests: Vec<String>,
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
    pub(crate) expect: Option<String>,
    pub(crate) requests: Option<Vec<String>>,
    pub(crate) callback: Option<String>,
    /// The argument of an action that has one.
    #[serde(default)]
    pub(crate) with: Map<String, Value>,
    /// Members of what it gives.
    pub(crate) gives: Option<Map<String, Value>>,
    /// Members of its error's details.
    #[serde(default)]
    pub(crate) details: Map<String, Value>,
}

/// Where the page keeps its DPoP key during a sign-in.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum KeyPlace {
    /// Where the callback page finds it again: the code is bound to it.
    #[default]
    Kept,
    /// Nowhere: the callback page makes one of its own.
    Unstorable,
}

/// What the application does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    /// Fetch metadata and keys before they are needed.
    Preload,
    /// Prepare a sign-in; the person then signs in at the provider.
    SignIn,
    /// Only prepare it.
    Prepare,
    /// The person follows the URL that was prepared last.
    Visit,
    /// The same, and the provider refuses the URL.
    VisitInVain,
    /// Handle the URL the provider sends the browser back to.
    Callback,
    /// Handle it twice at the same time.
    CallbackTwice,
    /// Load the page anew.
    Reload,
    /// Look for a stored session.
    Restore,
    UserInfo,
    /// Ask for an access token; renew where the core says so, as the page does.
    AccessToken,
    /// Ask for an access token, and do nothing more.
    TokenAtHand,
    Renew,
    /// Another tab renews.
    RenewElsewhere,
    /// Ask what a request to an API needs, and nothing more.
    Authorize,
    /// Tell what an API answered.
    Answered,
    /// Request an API as the page does: at most twice.
    Fetch,
    /// The keys of the page vanish, are others, cannot be used, or sign nothing.
    LoseKey,
    ReplaceKey,
    BreakKey,
    MuteKey,
    /// With options, if there are some.
    SignOut,
    SignOutHere,
    /// Another tab signs out in this browser.
    SignOutElsewhere,
    /// The provider loads this URL in a frame.
    FrontChannelLogout,
    /// Ask how to watch the provider's session.
    SessionCheck,
    /// Another site asks for a sign-in by this URL.
    ThirdPartyLogin,
    /// Ask when tokens are renewed although nobody wants one.
    NextRenewal,
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
    pub(crate) revocation: Answer,
    pub(crate) userinfo: Answer,
    /// Of the API at `$issuer/api` and `$api`.
    pub(crate) api: Answer,
    pub(crate) id_token: IdToken,
    /// The signed authorization response.
    pub(crate) response: IdToken,
    pub(crate) proofs: Proofs,
    pub(crate) refresh: Refresh,
}

/// How it wants DPoP proofs. Those that come are always verified.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Proofs {
    /// Nonces of the authorization server.
    pub(crate) nonces: Nonces,
    /// Nonces of the APIs, userinfo among them.
    pub(crate) api_nonces: Nonces,
    /// `iat` may be anything: the nonce says how old a proof is.
    pub(crate) any_time: bool,
    /// The time is looked at before the nonce.
    pub(crate) time_first: bool,
    /// Answers have a `Date` that the page may read.
    pub(crate) date: bool,
    /// The `Date` is ahead by so many seconds.
    pub(crate) date_ahead: i64,
}

/// What a server does with nonces.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Nonces {
    /// It has none.
    #[default]
    None,
    /// Demands one that stays the same, and tells it when it is missing.
    Fixed,
    /// Demands the one of its latest answer; every answer has another.
    Rotating,
    /// Every answer has another; none is demanded.
    Offered,
    /// Is never content, and tells another each time.
    Insatiable,
    /// Is never content, and tells the same each time.
    Stubborn,
    /// Demands one that the page may not read.
    Unreadable,
    /// Demands one, and sends what is none: two header fields.
    Twofold,
}

/// Refresh tokens.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Refresh {
    pub(crate) tokens: RefreshTokens,
    /// An ID Token comes with each renewal.
    pub(crate) id_token: bool,
    /// From now on every refresh token is refused.
    pub(crate) revoked: bool,
}

/// What kind of refresh tokens there are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RefreshTokens {
    #[default]
    None,
    /// Each is good for one use; a second use ends everything.
    Rotating,
    Fixed,
}

/// One endpoint's answer.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    /// Empty: no header at all.
    pub(crate) content_type: Option<String>,
    /// Further headers, by small names.
    pub(crate) headers: Map<String, Value>,
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
    /// The browser knows that it has no network.
    Offline,
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
