//! One request to an endpoint and its answer, whatever the message: what is sent, and what is made of what comes back.

use crate::error::{Error, ErrorCode, Phase, Result, require_equal};
use crate::http::{HttpRequest, HttpResponse, Method, media_type};
use crate::jose::{Algorithm, Jws, check_type, claims, jwks, signing_input};
use crate::json::{Json, Object};
use crate::protocol::client_auth::{self, Step};
use crate::protocol::grants::token_exchange;
use crate::protocol::parameters::invalid;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::request::{Message, Request};
use crate::protocol::{
    answer, authorize, backchannel_authentication, device_authorization, discovery, introspection, protected_resource,
    registration, token, userinfo,
};
use crate::secret::{Secret, redacted};
use crate::text::concat;
use crate::time::Timestamp;

/// A request that may still lack what the application has to give.
pub struct Exchange {
    /// The request, without its form.
    pub http: HttpRequest,
    /// The options it was made from.
    pub request: Request,
    step: Step,
}

redacted!(Exchange);

/// What an answer is.
pub enum Answer {
    /// What TypeScript sees.
    Complete(Object),
    /// A JWT whose claims are the answer, once its signature was checked.
    Signed,
}

redacted!(Answer);

impl Exchange {
    /// Checks options and builds the request.
    pub fn new(message: &Message, options: &Object) -> Result<Self> {
        let mut request = Request::parse(options, message)?;
        match message.phase {
            Phase::PushedAuthorization => authorize::check(&request.options, &mut request.form)?,
            Phase::BackchannelAuthentication => backchannel_authentication::check(&request.options, &request.form)?,
            Phase::Token => token_exchange::check(&request.form)?,
            Phase::Userinfo => userinfo::check_options(&request.options)?,
            _ => {}
        }
        let options = &request.options;
        let by_certificate = client_auth::by_certificate(options);
        let url = match message.phase {
            Phase::Discovery => discovery::place(options)?.0.url,
            Phase::ProtectedResource => protected_resource::url(options)?,
            _ => match options.str("registrationClientUri") {
                Some(url) => DiscoveryPolicy::of(options).check_url("registrationClientUri", url)?.text.to_owned(),
                None => request.endpoint(message.endpoint, by_certificate)?,
            },
        };
        let mut http = request.build(&url, message)?;
        if message.phase == Phase::Discovery {
            http.max_bytes = discovery::MAX_METADATA;
        }
        match (message.phase, options.str("responseFormat")) {
            (Phase::Jwks, _) => http.accept = discovery::ACCEPT_KEYS,
            (Phase::Userinfo, None) => http.accept = "application/json, application/jwt",
            (_, None | Some("json")) => {}
            (_, Some("jwt")) => {
                http.accept = jwt_type(message);
                if !options.contains("metadata") && !options.flag("dangerousSkipSignatureValidation") {
                    return Err(invalid("metadata", "missing"));
                }
            }
            _ => return Err(invalid("responseFormat", "unknown")),
        }
        let mut step = Step::Done;
        if options.contains("clientMetadata") {
            let body = Json::from(registration::body(options)?).to_text();
            http.body = Some((media_type::JSON, Secret::new(body)));
        } else if message.method == Method::Post {
            http.credentials = by_certificate;
            step = client_auth::apply(options, &mut request.form)?;
            if let Step::Header(header) = &step {
                http.authorization = Some(header.clone());
            }
        }
        Ok(Self { http, request, step })
    }

    /// The function that the application has to provide for, and its argument.
    pub fn hook(&self, id: &str, now: Timestamp) -> Option<(&'static str, String)> {
        match &self.step {
            Step::Ask(_) => Some(("assertion", String::new())),
            Step::Sign(header, audience) => {
                let options = &self.request.options;
                let issuer = options.object("metadata").and_then(|metadata| metadata.str("issuer"));
                let audience = audience.as_deref().or(issuer).unwrap_or(&self.http.url);
                let claims = client_auth::claims(options.str_or_empty("clientId"), audience, id, now);
                Some(("sign", signing_input(header, &claims)))
            }
            _ => None,
        }
    }

    /// Takes what the function gave for its argument.
    pub fn answer_hook(&mut self, argument: &str, answer: &str) -> Result<()> {
        let signed;
        let (kind, assertion) = match &self.step {
            Step::Ask(kind) => (kind.as_str(), answer),
            _ if answer.is_empty() => ("", ""),
            _ => {
                signed = concat(&[argument, ".", answer]);
                (client_auth::JWT_BEARER, signed.as_str())
            }
        };
        let client_id = self.request.options.str_or_empty("clientId").to_owned();
        client_auth::add_assertion(&mut self.request.form, &client_id, kind, assertion)
    }

    /// The whole request, with its form.
    pub fn take_http(&mut self, message: &Message) -> HttpRequest {
        if message.method == Method::Post && self.http.body.is_none() {
            self.http.body = Some((media_type::FORM, self.request.form.form()));
        }
        let empty = HttpRequest::new(message.method, "", "", 0);
        let http = std::mem::replace(&mut self.http, empty);
        self.http.url.clone_from(&http.url);
        http
    }

    /// What the header of a signed answer tells, before any key is looked for: another kind of token, or another
    /// algorithm, is refused.
    pub fn check_signed_header(&self, message: &Message, jws: &Jws<'_>) -> Result<()> {
        let is_introspection = message.phase == Phase::Introspection;
        check_type(jws, if is_introspection { introspection::TYPE } else { "JWT" }, is_introspection)?;
        match self.request.options.str("algorithm") {
            Some(name) => require_equal(ErrorCode::AlgorithmMismatch, name, jws.algorithm.as_str()),
            None if Algorithm::DEFAULT_ALLOWED.contains(&jws.algorithm) => Ok(()),
            None => Err(Error::new(ErrorCode::AlgorithmNotAllowed).with("alg", jws.algorithm.as_str())),
        }
    }

    /// What the claims of a signed answer say; gives the answer in them.
    pub fn check_signed(&self, message: &Message, token: Object, now: Timestamp) -> Result<Object> {
        let options = &self.request.options;
        claims::check_window(&token, now, claims::tolerance(options))?;
        let issuer = options.object("metadata").map_or("", |metadata| metadata.str_or_empty("issuer"));
        let client_id = options.str_or_empty("clientId");
        if message.phase == Phase::Introspection {
            return introspection::answer_in(token, issuer, client_id);
        }
        userinfo::check_signed(&token, issuer, client_id)?;
        Ok(token)
    }

    /// Reads the answer.
    pub fn interpret(&self, message: &Message, response: &HttpResponse) -> Result<Answer> {
        let options = &self.request.options;
        let is_signed = response.is(jwt_type(message));
        let refusal = answer::refusal(message.phase);
        if matches!(message.phase, Phase::Introspection | Phase::Userinfo)
            && (is_signed || options.str("responseFormat") == Some("jwt"))
        {
            let json = if is_signed { None } else { Json::parse_object(&response.body).ok() };
            answer::check_status(response, message.success, refusal, json.as_ref())?;
            return if is_signed { Ok(Answer::Signed) } else { Err(answer::wrong_media_type(response)) };
        }
        if message.answers.is_empty() {
            // Whatever the body of such a success is, it says nothing.
            let json = Json::parse_object(&response.body).ok().filter(|_| response.is(media_type::JSON));
            answer::check_status(response, message.success, refusal, json.as_ref())?;
            return Ok(Answer::Complete(described(Object::default(), Object::default(), response)));
        }
        let or_keys = message.phase == Phase::Jwks && response.is(media_type::JWK_SET);
        let media_type = if or_keys { media_type::JWK_SET } else { media_type::JSON };
        let body = answer::json_object(response, media_type, message.success, refusal)?;
        self.complete(message, body, response).map(Answer::Complete)
    }

    /// Checks what an answer says, and shows it as TypeScript wants it.
    pub fn complete(&self, message: &Message, body: Object, response: &HttpResponse) -> Result<Object> {
        let options = &self.request.options;
        answer::check(&body, message.answers)?;
        let mut typed = answer::typed(&body, message.answers);
        match message.phase {
            Phase::Token => {
                let is_exchange = message.answers.starts_with("!issued_token_type");
                token::check(&body, &token_types(&self.request, is_exchange))?;
                token::bound_lifetime(&mut typed);
            }
            Phase::DeviceAuthorization => {
                device_authorization::check(&body, &DiscoveryPolicy::of(options))?;
                default_interval(&mut typed);
            }
            Phase::BackchannelAuthentication => default_interval(&mut typed),
            Phase::PushedAuthorization if body.number("expires_in").is_none_or(|seconds| seconds < 1) => {
                return Err(Error::new(ErrorCode::InvalidResponse).with("member", "expires_in"));
            }
            Phase::Introspection => introspection::complete(&body, &mut typed)?,
            Phase::Userinfo => userinfo::check(&body, options)?,
            Phase::ProtectedResource => {
                protected_resource::check(&body, options.str_or_empty("resource"))?;
                typed = document(&body, &self.http.url);
            }
            Phase::Discovery => {
                let (place, policy) = discovery::place(options)?;
                discovery::check(&body, &place, &policy)?;
                typed = document(&body, &self.http.url);
            }
            Phase::Jwks => jwks::check(&body)?,
            _ => {}
        }
        Ok(described(typed, body, response))
    }
}

/// What a token may be: bound to the key whose proof went along, or free where none did (RFC 9449, section 5). Only a
/// token exchange may give one that is no access token (RFC 8693, section 2.2.1).
fn token_types(request: &Request, is_exchange: bool) -> [&'static str; 3] {
    let bearer =
        if request.options.flag("dpop") && !request.options.flag("dangerousAllowBearer") { "" } else { "Bearer" };
    let bound = if request.has_proof() || is_exchange { "DPoP" } else { "" };
    [bearer, bound, if is_exchange { "N_A" } else { "" }]
}

fn jwt_type(message: &Message) -> &'static str {
    if message.phase == Phase::Introspection { media_type::INTROSPECTION_JWT } else { media_type::JWT }
}

fn document(body: &Object, url: &str) -> Object {
    let mut typed = Object::default();
    typed.set("metadata", body.clone().into());
    typed.set_text("url", url);
    typed
}

fn default_interval(typed: &mut Object) {
    if !typed.contains("interval") {
        typed.set("interval", 5.into());
    }
}

/// Adds what every answer has.
fn described(mut typed: Object, body: Object, response: &HttpResponse) -> Object {
    typed.set("status", i64::from(response.status).into());
    typed.set("headers", response.headers.clone().into());
    typed.set_text("raw", text_of(response));
    typed.set("json", body.into());
    typed
}

/// The body as text; empty where it is none.
pub fn text_of(response: &HttpResponse) -> &str {
    str::from_utf8(&response.body).unwrap_or_default()
}
