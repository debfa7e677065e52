//! Access tokens that must not be taken (RFC 8725), beside one that is.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::server::TestServer;

const NOW: i64 = 1_800_000_000;

pub fn sign(key: &[u8], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub fn decoded(token: &str, part: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(part).expect("three parts")).expect("base 64");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn with(object: &Value, name: &str, value: Value) -> String {
    let mut object = object.clone();
    object[name] = value;
    object.to_string()
}

fn without(object: &Value, name: &str) -> String {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").remove(name);
    object.to_string()
}

#[test]
fn forged_tokens_are_refused() {
    let (server, _clock) = TestServer::start_at(NOW);
    let ada = server.sign_up("ada@example.org");
    let eve = server.sign_up("eve@example.org");
    let keys = std::fs::read(server.data().join("secrets/token-keys.json")).expect("the keys");
    let keys: Value = serde_json::from_slice(&keys).expect("JSON");
    let key = STANDARD.decode(keys[0]["secret"].as_str().expect("a secret")).expect("base 64");
    let (header, claims) = (decoded(&ada.token, 0), decoded(&ada.token, 1));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("logan-access+jwt")));
    let (head, body) = (header.to_string(), claims.to_string());
    // The control: what is signed with the right key is taken, so each case below fails for its own reason.
    server.get(&sign(&key, &head, &body), "/api/v1/users/me").expect(200);

    let dup = |text: &str, part: &str| text.replacen('{', &format!("{{{part},"), 1);
    let parts: Vec<&str> = ada.token.split('.').collect();
    let cases: Vec<(&str, String)> = vec![
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("alg none", sign(&key, &with(&header, "alg", json!("none")), &body)),
        ("alg none, unsigned", {
            let forged = sign(&key, &with(&header, "alg", json!("none")), &body);
            format!("{}.", forged.rsplit_once('.').expect("three parts").0)
        }),
        ("alg NoNe", sign(&key, &with(&header, "alg", json!("NoNe")), &body)),
        ("alg HS512", sign(&key, &with(&header, "alg", json!("HS512")), &body)),
        ("alg RS256", sign(&key, &with(&header, "alg", json!("RS256")), &body)),
        ("another key", sign(&[7; 32], &head, &body)),
        ("an empty key", sign(&[], &head, &body)),
        ("another signature", format!("{}.{}.{}", parts[0], parts[1], eve.token.rsplit('.').next().expect("it"))),
        ("a changed claim", {
            let changed = URL_SAFE_NO_PAD.encode(with(&claims, "org", json!(eve.org)));
            format!("{}.{changed}.{}", parts[0], parts[2])
        }),
        ("exp as text", sign(&key, &head, &with(&claims, "exp", json!("9999999999")))),
        ("exp as a fraction", sign(&key, &head, &with(&claims, "exp", json!(9_999_999_999.5)))),
        ("nbf as text", sign(&key, &head, &with(&claims, "nbf", json!("0")))),
        ("exp null", sign(&key, &head, &with(&claims, "exp", Value::Null))),
        ("exp over", sign(&key, &head, &with(&claims, "exp", json!(NOW - 31)))),
        ("exp too great", sign(&key, &head, &with(&claims, "exp", json!(1e300)))),
        ("nbf far", sign(&key, &head, &with(&claims, "nbf", json!(NOW + 3600)))),
        ("iat far", sign(&key, &head, &with(&claims, "iat", json!(NOW + 3600)))),
        ("no exp", sign(&key, &head, &without(&claims, "exp"))),
        ("no nbf", sign(&key, &head, &without(&claims, "nbf"))),
        ("no iat", sign(&key, &head, &without(&claims, "iat"))),
        ("no iss", sign(&key, &head, &without(&claims, "iss"))),
        ("no aud", sign(&key, &head, &without(&claims, "aud"))),
        ("no sub", sign(&key, &head, &without(&claims, "sub"))),
        ("no sid", sign(&key, &head, &without(&claims, "sid"))),
        ("another issuer", sign(&key, &head, &with(&claims, "iss", json!("somebody")))),
        ("another audience", sign(&key, &head, &with(&claims, "aud", json!("somebody")))),
        ("several audiences", sign(&key, &head, &with(&claims, "aud", json!(["logan-api", "x"])))),
        ("another's org", sign(&key, &head, &with(&claims, "org", json!(eve.org)))),
        ("another user", sign(&key, &head, &with(&claims, "sub", json!(eve.user)))),
        ("no such session", sign(&key, &head, &with(&claims, "sid", json!(eve.user)))),
        ("a session that is no id", sign(&key, &head, &with(&claims, "sid", json!("' OR 1=1 --")))),
        ("an unknown kid", sign(&key, &with(&header, "kid", json!("01JDB2QX3V8Z5N4M7K6H9G0F1E")), &body)),
        ("no kid", sign(&key, &without(&header, "kid"), &body)),
        ("kid as a path", sign(&[], &with(&header, "kid", json!("../../../../../../dev/null")), &body)),
        ("kid as SQL", sign(b"x", &with(&header, "kid", json!("' UNION SELECT 'x' --")), &body)),
        ("kid null", sign(&key, &with(&header, "kid", Value::Null), &body)),
        ("jku", {
            let own = with(&header, "jku", json!("https://evil.example/keys"));
            sign(&[7; 32], &own, &body)
        }),
        ("jwk", {
            let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 32]), "alg": "HS256"});
            sign(&[7; 32], &with(&header, "jwk", jwk), &body)
        }),
        ("typ JWT", sign(&key, &with(&header, "typ", json!("JWT")), &body)),
        ("no typ", sign(&key, &without(&header, "typ"), &body)),
        ("exp twice", sign(&key, &head, &dup(&body, "\"exp\":9999999999"))),
        ("sub twice", sign(&key, &head, &dup(&body, &format!("\"sub\":{}", claims["sub"])))),
        ("kid twice", sign(&key, &dup(&head, "\"kid\":\"x\""), &body)),
        ("a list of claims", sign(&key, &head, "[]")),
        ("no JSON", sign(&key, &head, "claims")),
        ("deep JSON", sign(&key, &head, &"[".repeat(2000))),
        ("nothing", "x".to_owned()),
        ("dots", "...".to_owned()),
        ("10 KB", sign(&key, &head, &with(&claims, "pad", json!("x".repeat(7_500))))),
        // Longer than a head may be.
        ("1 MB", sign(&key, &head, &with(&claims, "pad", json!("x".repeat(786_000))))),
        ("a refresh token", ada.refresh_token.clone()),
    ];
    for (what, token) in &cases {
        let answer = server.get(token, "/api/v1/users/me");
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{what}");
    }
    server.get(&ada.token, "/api/v1/users/me").expect(200);
}
