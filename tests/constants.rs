//! The constants of TypeScript are written from the table of the core, and IdentityModel's are all there (KN).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "tests may panic")]

use oidc_wasm::constants::{GROUPS, Group, Member};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::{env, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template/src/constants.ts");
const WIDTH: usize = 120;
const HEADER: &str = "\
/**
 * Names and values on the wire: one object for each group, and one literal type for its values. Bundlers leave out the
 * objects that are not imported.
 *
 * Generated from `src/constants.rs`, with the groups and names of IdentityModel for .NET.
 *
 * @module
 */
";

/// IdentityModel's groups in its order: the ID that the mapping table gives them, our name, and how many members.
const MODEL: [(&str, &str, usize); 44] = [
    ("KN-01", "AuthorizeRequest", 20),
    ("KN-02", "AuthorizeErrors", 18),
    ("KN-03", "AuthorizeResponse", 12),
    ("KN-04", "DeviceAuthorizationResponse", 6),
    ("KN-05", "EndSessionRequest", 6),
    ("KN-06", "TokenRequest", 25),
    ("KN-07", "BackchannelAuthenticationRequest", 12),
    ("KN-08", "BackchannelAuthenticationRequestErrors", 12),
    ("KN-09", "TokenRequestTypes", 2),
    ("KN-10", "TokenErrors", 14),
    ("KN-11", "TokenResponse", 11),
    ("KN-12", "BackchannelAuthenticationResponse", 3),
    ("KN-13", "PushedAuthorizationRequestResponse", 2),
    ("KN-14", "TokenIntrospectionRequest", 2),
    ("KN-15", "RegistrationResponse", 9),
    ("KN-16", "ClientMetadata", 44),
    ("KN-17", "TokenTypes", 3),
    ("KN-18", "TokenTypeIdentifiers", 6),
    ("KN-19", "AuthenticationSchemes", 7),
    ("KN-20", "GrantTypes", 10),
    ("KN-21", "ClientAssertionTypes", 2),
    ("KN-22", "ResponseTypes", 7),
    ("KN-23", "ResponseModes", 3),
    ("KN-24", "DisplayModes", 4),
    ("KN-25", "PromptModes", 5),
    ("KN-26", "CodeChallengeMethods", 2),
    ("KN-27", "ProtectedResourceErrors", 4),
    ("KN-28", "EndpointAuthenticationMethods", 5),
    ("KN-29", "AuthenticationMethods", 21),
    ("KN-30", "Algorithms", 1),
    ("KN-31", "SymmetricAlgorithms", 3),
    ("KN-32", "AsymmetricAlgorithms", 9),
    ("KN-33", "Discovery", 67),
    ("KN-34", "BackchannelTokenDeliveryModes", 3),
    ("KN-35", "Events", 1),
    ("KN-36", "BackChannelLogoutRequest", 1),
    ("KN-37", "StandardScopes", 6),
    ("KN-38", "HttpHeaders", 2),
    ("KN-39", "JwtClaimTypes", 52),
    ("KN-40", "JwtTypes", 5),
    ("KN-41", "ConfirmationMethods", 3),
    ("KN-42", "JsonClaimValueTypes", 3),
    ("JK-06", "JsonWebKeyParameterNames", 25),
    ("JK-06", "JsonWebAlgorithmsKeyTypes", 3),
];

fn all(group: &Group) -> impl Iterator<Item = &'static Member> + use<> {
    group.members.iter().chain(group.more)
}

fn value(group: &str, name: &str) -> &'static str {
    let found = GROUPS.iter().find(|candidate| candidate.name == group);
    let found = found.and_then(|group| all(group).find(|member| member.name == name));
    found.unwrap_or_else(|| panic!("{group}.{name} is missing")).value
}

/// The text of `constants.ts`.
fn typescript() -> String {
    let mut text = HEADER.to_owned();
    for group in GROUPS {
        let name = group.name;
        write!(text, "\n/**\n *{}\n *\n", group.doc).unwrap();
        for link in group.see {
            writeln!(text, " * @see {link}").unwrap();
        }
        // One that is not warned about.
        let shown = all(group).find(|member| member.doc.is_empty()).or(all(group).next()).unwrap();
        let (member, value) = (shown.name, shown.value);
        let mut example = format!(" * const value: {name} = {name}.{member}; // \"{value}\"");
        if example.len() > WIDTH {
            example = format!(" * // \"{value}\"\n * const value: {name} = {name}.{member};");
        }
        write!(text, " * @example\n * ```ts\n * import {{ {name} }} from \"oidc-wasm\";\n *\n{example}\n * ```\n */\n")
            .unwrap();
        writeln!(text, "export const {name} = {{").unwrap();
        members(&mut text, group.members);
        if !group.more.is_empty() {
            text += "  // Not in IdentityModel:\n";
            members(&mut text, group.more);
        }
        let link = format!("/** One of the values of {{@link {name}}}. */");
        let mut alias = format!("export type {name} = (typeof {name})[keyof typeof {name}];");
        if alias.len() > WIDTH {
            alias = alias.replace(" = ", " =\n  ");
        }
        write!(text, "}} as const;\n\n{link}\n{alias}\n").unwrap();
    }
    text
}

fn members(text: &mut String, members: &[Member]) {
    for Member { name, value, doc, .. } in members {
        if !doc.is_empty() {
            writeln!(text, "  /**{doc} */").unwrap();
        }
        let mut line = format!("  {name}: \"{value}\",\n");
        if line.len() > WIDTH {
            line = line.replace(": ", ":\n    ");
        }
        *text += &line;
    }
}

#[test]
fn typescript_is_written_from_the_table() {
    let text = typescript();
    if env::var_os("OIDC_WASM_WRITE").is_some() {
        fs::write(FILE, text).unwrap();
        return;
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    let differs = text.lines().zip(committed.lines()).find(|(now, then)| now != then);
    assert!(
        text == committed,
        "pkg-template/src/constants.ts is not what src/constants.rs says, first at {differs:?}.\n\
         Write it anew: OIDC_WASM_WRITE=1 cargo test --test constants"
    );
}

#[test]
fn every_group_of_identitymodel_is_there_with_all_members() {
    let ours: Vec<_> = GROUPS.iter().filter(|group| !group.members.is_empty()).collect();
    for ((id, name, count), group) in MODEL.iter().zip(&ours) {
        assert_eq!((group.name, group.members.len()), (*name, *count), "{id}");
    }
    assert_eq!(ours.len(), MODEL.len());
    let sum = |rows: &[(&str, &str, usize)]| rows.iter().map(|(_, _, count)| count).sum::<usize>();
    let (oidc, jwt) = MODEL.split_at(38);
    assert_eq!((sum(oidc), sum(jwt.split_at(4).0)), (370, 63));
}

#[test]
fn names_are_unique_and_say_what_they_are() {
    let mut groups = HashSet::new();
    for group in GROUPS {
        assert!(groups.insert(group.name), "{} is there twice", group.name);
        assert!(group.doc.starts_with(' ') && group.doc.ends_with('.'), "{} needs a sentence", group.name);
        assert!(group.see.iter().all(|link| link.starts_with("https://")), "{} needs links", group.name);
        let mut names = HashSet::new();
        for member in all(group) {
            let Member { name, value, doc, .. } = *member;
            let label = format!("{}.{name}", group.name);
            assert!(names.insert(name), "{label} is there twice");
            assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{label} is not in PascalCase");
            assert!(doc.is_empty() || doc.ends_with('.') && !doc.contains("*/"), "{label}: not a sentence");
            let visible = |c: char| c.is_ascii_graphic() && !['"', '\\'].contains(&c);
            assert!(value.split(' ').all(|word| !word.is_empty() && word.chars().all(visible)), "{label}: {value}");
        }
    }
}

/// The same name written twice, once in Rust and once as its value, finds a slip of the pen.
#[test]
fn rust_names_a_member_as_it_is_on_the_wire() {
    // Some of its values are there twice.
    for group in GROUPS.iter().filter(|group| group.name != "AuthenticationSchemes") {
        for Member { constant, name, value, .. } in all(group).filter(|member| !member.value.contains([':', '/'])) {
            let wire = value.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            assert_eq!(*constant, wire, "{}.{name}", group.name);
        }
    }
}

#[test]
fn values_are_those_of_the_specifications() {
    for (group, name, expected) in [
        ("AuthorizeRequest", "DPoPKeyThumbprint", "dpop_jkt"),
        ("AuthorizeResponse", "IdentityToken", "id_token"),
        ("AuthorizeResponse", "Issuer", "iss"),
        ("TokenRequest", "UserName", "username"),
        ("TokenRequest", "AuthenticationRequestId", "auth_req_id"),
        ("ClientMetadata", "RequireAuthenticationTime", "require_auth_time"),
        ("ClientMetadata", "AlwaysUseDPoPBoundAccessTokens", "dpop_bound_access_tokens"),
        ("TokenTypeIdentifiers", "AccessToken", "urn:ietf:params:oauth:token-type:access_token"),
        ("TokenTypeIdentifiers", "IdentityToken", "urn:ietf:params:oauth:token-type:id_token"),
        ("TokenTypeIdentifiers", "RefreshToken", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("TokenTypeIdentifiers", "Saml11", "urn:ietf:params:oauth:token-type:saml1"),
        ("TokenTypeIdentifiers", "Saml2", "urn:ietf:params:oauth:token-type:saml2"),
        ("TokenTypeIdentifiers", "Jwt", "urn:ietf:params:oauth:token-type:jwt"),
        ("AuthenticationSchemes", "AuthorizationHeaderBearer", "Bearer"),
        ("AuthenticationSchemes", "FormPostBearer", "access_token"),
        ("AuthenticationSchemes", "QueryStringBearer", "access_token"),
        ("AuthenticationSchemes", "AuthorizationHeaderPop", "PoP"),
        ("AuthenticationSchemes", "FormPostPop", "pop_access_token"),
        ("AuthenticationSchemes", "QueryStringPop", "pop_access_token"),
        ("GrantTypes", "Saml2Bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer"),
        ("GrantTypes", "JwtBearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("GrantTypes", "DeviceCode", "urn:ietf:params:oauth:grant-type:device_code"),
        ("GrantTypes", "TokenExchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("GrantTypes", "Ciba", "urn:openid:params:grant-type:ciba"),
        ("ClientAssertionTypes", "JwtBearer", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("ClientAssertionTypes", "SamlBearer", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ("ResponseTypes", "CodeIdTokenToken", "code id_token token"),
        ("CodeChallengeMethods", "Sha256", "S256"),
        ("EndpointAuthenticationMethods", "BasicAuthentication", "client_secret_basic"),
        ("AuthenticationMethods", "ProofOfPossessionSoftwareSecuredKey", "swk"),
        ("Discovery", "DiscoveryEndpoint", ".well-known/openid-configuration"),
        ("Discovery", "UserInfoEndpoint", "userinfo_endpoint"),
        ("Events", "BackChannelLogout", "http://schemas.openid.net/event/backchannel-logout"),
        ("HttpHeaders", "DPoPNonce", "DPoP-Nonce"),
        ("JwtClaimTypes", "AuthorizationCodeHash", "c_hash"),
        ("JwtClaimTypes", "DPoPAccessTokenHash", "ath"),
        ("JwtTypes", "AccessToken", "at+jwt"),
        ("JwtTypes", "IntrospectionJwtResponse", "token-introspection+jwt"),
        ("ConfirmationMethods", "X509ThumbprintSha256", "x5t#S256"),
        ("JsonClaimValueTypes", "JsonNull", "JSON_NULL"),
        ("JsonWebAlgorithmsKeyTypes", "EllipticCurve", "EC"),
        // What IdentityModel lacks.
        ("AuthorizeRequest", "Claims", "claims"),
        ("AuthorizeRequest", "AuthorizationDetails", "authorization_details"),
        ("EndSessionRequest", "LogoutHint", "logout_hint"),
        ("TokenResponse", "ErrorUri", "error_uri"),
        ("RevocationErrors", "UnsupportedTokenType", "unsupported_token_type"),
        ("ProtectedResourceErrors", "InsufficientUserAuthentication", "insufficient_user_authentication"),
        ("EndpointAuthenticationMethods", "ClientSecretJwt", "client_secret_jwt"),
        ("AsymmetricAlgorithms", "EdDSA", "EdDSA"),
    ] {
        assert_eq!(value(group, name), expected, "{group}.{name}");
    }
}
