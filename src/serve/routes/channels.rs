//! `/api/v1/channels`: where alerts are sent.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ManageChannels;
use crate::serve::background::delivery;
use crate::serve::control::channels::{Channel, ChannelSpec};
use crate::serve::control::words::{ChannelKind, Detections, Source};
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams};
use crate::serve::ids::ChannelId;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::time::Time;
use crate::serve::words::{Email, HookUrl, Name, given};

/// A channel as it is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShownChannel {
    /// Its id.
    id: ChannelId,
    /// Its name.
    name: String,
    /// How it sends.
    kind: ChannelKind,
    /// Where a webhook goes; of Slack only the host, since the rest is a secret.
    #[schema(example = "https://example.org/hook")]
    url: Option<String>,
    /// Who gets mail.
    to: Vec<String>,
    /// Which alerts of the detection it is told of: those of this severity and above.
    detections: Detections,
    /// False when it is switched off, by somebody or after 20 failures in a row.
    enabled: bool,
    /// Failures in a row.
    failures: i64,
    /// What went wrong last.
    last_error: Option<String>,
    /// When something was sent last.
    last_sent: Option<Time>,
    /// Where it comes from; what stands in the configuration is changed there.
    source: Source,
    /// Since when it is there.
    created: Time,
}

impl From<Channel> for ShownChannel {
    fn from(channel: Channel) -> ShownChannel {
        let host = |url: String| {
            let host = reqwest::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
            format!("https://{}/…", host.unwrap_or_default())
        };
        ShownChannel {
            id: channel.id,
            name: channel.name,
            kind: channel.kind,
            url: channel.url.map(|url| if channel.kind == ChannelKind::Slack { host(url) } else { url }),
            to: channel.to,
            detections: channel.detections,
            enabled: channel.enabled,
            failures: channel.failures,
            last_error: channel.last_error,
            last_sent: channel.last_sent.map(Time),
            source: channel.source,
            created: Time(channel.created),
        }
    }
}

/// Channels.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Channels {
    /// By name.
    channels: Vec<ShownChannel>,
}

/// A channel that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeChannel {
    /// What signs a webhook, shown this once; null for other kinds.
    secret: Option<String>,
    /// The channel.
    #[serde(flatten)]
    channel: ShownChannel,
}

/// A channel to be made.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "read as one object: this describes what may stand together")]
#[schema(example = json!({"name": "on call", "kind": "webhook", "url": "https://example.org/hook"}))]
#[serde(untagged)]
pub enum NewChannel {
    /// One that posts.
    Hook(NewHook),
    /// One that sends mail.
    Mail(NewMail),
}

/// A webhook, or Slack, to be made.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "describes a part of what is read")]
#[serde(deny_unknown_fields)]
pub struct NewHook {
    /// Its name, unique within the org.
    name: Name,
    // Described by its type: utoipa would add an object for a text of its own.
    #[schema(inline)]
    kind: HookKind,
    /// Where it is: `https`, on the open internet.
    url: HookUrl,
    /// Which alerts of the detection it is told of, `warning` if it is not given.
    detections: Option<Detections>,
    /// False to switch it off.
    enabled: Option<bool>,
}

/// How a channel posts.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "describes a part of what is read")]
#[serde(rename_all = "snake_case")]
enum HookKind {
    /// A signed POST of JSON.
    Webhook,
    /// A POST as Slack and its likes read it.
    Slack,
}

/// A channel of mail to be made.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "describes a part of what is read")]
#[serde(deny_unknown_fields)]
pub struct NewMail {
    /// Its name, unique within the org.
    name: Name,
    // Described by its type: utoipa would add an object for a text of its own.
    #[schema(inline)]
    kind: MailKind,
    /// Who gets it.
    #[schema(min_items = 1, max_items = 20)]
    to: Vec<Email>,
    /// Which alerts of the detection it is told of, `warning` if it is not given.
    detections: Option<Detections>,
    /// False to switch it off.
    enabled: Option<bool>,
}

/// How mail is sent.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "describes a part of what is read")]
#[serde(rename_all = "snake_case")]
enum MailKind {
    /// Mail.
    Mail,
}

/// What is read of a channel to be made: [`NewChannel`] says what may stand together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedChannel {
    name: Name,
    kind: ChannelKind,
    #[serde(default, deserialize_with = "given")]
    url: Option<Option<HookUrl>>,
    #[serde(default, deserialize_with = "given")]
    to: Option<Option<Vec<Email>>>,
    detections: Option<Detections>,
    enabled: Option<bool>,
}

impl AskedChannel {
    /// Returns the channel, with this secret; 400 when something stands there that its kind does not have.
    fn spec(self, secret: Option<SecretString>) -> Result<ChannelSpec, ApiError> {
        check_given(self.kind, self.url.is_some(), self.to.is_some())?;
        Ok(ChannelSpec {
            name: self.name.into_string(),
            kind: self.kind,
            url: self.url.flatten().map(HookUrl::into_string),
            to: texts(self.to.flatten().unwrap_or_default()),
            secret,
            detections: self.detections.unwrap_or(Detections::Warning),
            enabled: self.enabled.unwrap_or(true),
        })
    }
}

/// Refuses what a channel of this kind does not have.
fn check_given(kind: ChannelKind, has_url: bool, has_to: bool) -> Result<(), ApiError> {
    let wrong = |text| Err(ApiError::bad_request("invalid_channel", text));
    match kind {
        ChannelKind::Webhook | ChannelKind::Slack if has_to => wrong("to: only mail has it"),
        ChannelKind::Mail if has_url => wrong("url: mail has none"),
        ChannelKind::Webhook | ChannelKind::Slack | ChannelKind::Mail => Ok(()),
    }
}

fn texts(addresses: Vec<Email>) -> Vec<String> {
    addresses.iter().map(|address| address.as_str().to_owned()).collect()
}

/// What is to be another way in a channel; what is not there stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelChange {
    /// Its name.
    name: Option<Name>,
    /// Where a webhook or Slack is.
    url: Option<HookUrl>,
    /// Who gets mail.
    #[schema(min_items = 1, max_items = 20)]
    to: Option<Vec<Email>>,
    /// Which alerts of the detection it is told of.
    detections: Option<Detections>,
    /// True to switch it on again, with no failures.
    enabled: Option<bool>,
}

/// What came of a test.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelTested {
    /// True when the receiver took it.
    sent: bool,
    /// Why not. What the receiver answered is not told.
    error: Option<String>,
}

/// Says what is wrong with a channel.
fn check(spec: &ChannelSpec, state: &AppState) -> Result<(), ApiError> {
    let wrong = |text: String| Err(ApiError::bad_request("invalid_channel", text));
    match spec.kind {
        ChannelKind::Webhook | ChannelKind::Slack => {
            if !spec.to.is_empty() {
                return wrong("to: only mail has it".to_owned());
            }
            let Some(url) = &spec.url else { return wrong("url: it is needed".to_owned()) };
            match delivery::check_url(url, &state.settings.delivery) {
                Ok(_) => Ok(()),
                Err(refused) => wrong(format!("url: {refused}")),
            }
        }
        ChannelKind::Mail => {
            if state.settings.smtp.host.is_none() {
                return wrong("kind: this server sends no mail".to_owned());
            }
            if spec.url.is_some() {
                return wrong("url: mail has none".to_owned());
            }
            if !(1..=20).contains(&spec.to.len()) {
                return wrong("to: 1 to 20 addresses".to_owned());
            }
            let is_wrong = |address: &&String| address.len() > 254 || !delivery::is_recipient(address);
            match spec.to.iter().position(|address| is_wrong(&address)) {
                None => Ok(()),
                Some(place) => wrong(format!("to[{place}]: not an e-mail address")),
            }
        }
    }
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete)).routes(routes!(test))
}

/// List the channels.
#[utoipa::path(
    get, path = "/api/v1/channels", tag = "channels", security(("bearer" = [])), operation_id = "list_channels",
    responses((status = 200, description = "The channels", body = Channels), Credential, Always)
)]
async fn list(
    allowed: Allowed<ManageChannels>,
    _: NoParams,
    State(state): State<AppState>,
) -> Result<Answer<Channels>, ApiError> {
    let channels = blocking(move || state.control.channels(&allowed.scope)).await?;
    Ok(Answer(Channels { channels: channels.into_iter().map(ShownChannel::from).collect() }))
}

/// Make a channel. The secret that signs a webhook is shown this once.
#[utoipa::path(
    post, path = "/api/v1/channels", tag = "channels", security(("bearer" = [])), operation_id = "create_channel",
    request_body = NewChannel,
    responses(
        (status = 201, description = "The channel, with its secret", body = MadeChannel),
        Body, Credential, Conflicting, Always,
    )
)]
async fn create(
    allowed: Allowed<ManageChannels>,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<AskedChannel>,
) -> Result<(StatusCode, Answer<MadeChannel>), ApiError> {
    let secret = match body.kind {
        ChannelKind::Webhook => Some(new_secret()?),
        ChannelKind::Slack | ChannelKind::Mail => None,
    };
    let spec = body.spec(secret.clone().map(Into::into))?;
    check(&spec, &state)?;
    let made = blocking(move || state.control.create_channel(&allowed.scope, &spec, &origin)).await?;
    Ok((StatusCode::CREATED, Answer(MadeChannel { secret, channel: made.into() })))
}

fn new_secret() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(&error))?;
    Ok(format!("lgnwh_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// See a channel.
#[utoipa::path(
    get, path = "/api/v1/channels/{channel}", tag = "channels", security(("bearer" = [])), operation_id = "get_channel",
    params(("channel" = ChannelId, Path, description = "The channel")),
    responses((status = 200, description = "The channel", body = ShownChannel), Credential, Named, Always)
)]
async fn get(
    allowed: Allowed<ManageChannels>,
    _: NoParams,
    State(state): State<AppState>,
    Id(channel): Id<ChannelId>,
) -> Result<Answer<ShownChannel>, ApiError> {
    Ok(Answer(blocking(move || state.control.channel(&allowed.scope, channel)).await?.into()))
}

/// Change a channel, or switch it on again.
#[utoipa::path(
    patch, path = "/api/v1/channels/{channel}", tag = "channels", security(("bearer" = [])),
    operation_id = "change_channel",
    params(("channel" = ChannelId, Path, description = "The channel")),
    request_body = ChannelChange,
    responses(
        (status = 200, description = "The channel as it is now", body = ShownChannel),
        Body, Credential, Named, Conflicting, Always,
    )
)]
async fn change(
    allowed: Allowed<ManageChannels>,
    State(state): State<AppState>,
    origin: Origin,
    Id(channel): Id<ChannelId>,
    Json(body): Json<ChannelChange>,
) -> Result<Answer<ShownChannel>, ApiError> {
    let change = move || {
        let old = state.control.channel(&allowed.scope, channel)?.spec();
        check_given(old.kind, body.url.is_some(), body.to.is_some())?;
        let spec = ChannelSpec {
            name: body.name.map_or(old.name, Name::into_string),
            url: body.url.map(HookUrl::into_string).or(old.url),
            to: body.to.map_or(old.to, texts),
            detections: body.detections.unwrap_or(old.detections),
            enabled: body.enabled.unwrap_or(old.enabled),
            kind: old.kind,
            secret: old.secret,
        };
        check(&spec, &state)?;
        Ok::<_, ApiError>(state.control.change_channel(&allowed.scope, channel, &spec, &origin)?)
    };
    Ok(Answer(blocking(change).await?.into()))
}

/// Delete a channel and what waits to be sent there.
#[utoipa::path(
    delete, path = "/api/v1/channels/{channel}", tag = "channels", security(("bearer" = [])),
    operation_id = "delete_channel",
    params(("channel" = ChannelId, Path, description = "The channel")),
    responses((status = 204, description = "It is deleted"), Credential, Named, Conflicting, Always)
)]
async fn delete(
    allowed: Allowed<ManageChannels>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    Id(channel): Id<ChannelId>,
) -> Result<StatusCode, ApiError> {
    blocking(move || state.control.delete_channel(&allowed.scope, channel, &origin)).await?;
    Ok(no_content())
}

/// Send a test message to a channel, now and once.
#[utoipa::path(
    post, path = "/api/v1/channels/{channel}/test", tag = "channels", security(("bearer" = [])),
    operation_id = "test_channel",
    params(("channel" = ChannelId, Path, description = "The channel")),
    responses((status = 200, description = "What came of it", body = ChannelTested), Credential, Named, Always)
)]
async fn test(
    allowed: Allowed<ManageChannels>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    Id(channel): Id<ChannelId>,
) -> Result<Answer<ChannelTested>, ApiError> {
    let most = state.channel_tests.most();
    let busy = || ApiError::too_many("two channels of your org are being tried already", most, Duration::from_secs(5));
    let _place = state.channel_tests.take(allowed.scope.org()).ok_or_else(busy)?;
    let shared = state.clone();
    let channel = blocking(move || shared.control.channel(&allowed.scope, channel)).await?;
    let (id, now) = (ulid::Ulid::generate().to_string(), Time(state.now()));
    let alert = json!({
        "name": "a test", "severity": "info", "state": "open", "examples": [], "from": now, "to": now,
        "explanation": "Somebody tries whether alerts of logan arrive here.",
    });
    let message = json!({
        "id": id, "event": "channel.test", "org": allowed.scope.org(), "created": now, "alert": alert,
    });
    let (shared, tried) = (state.clone(), channel.id.to_string());
    // Before it is sent: whoever hangs up has made the server send all the same.
    blocking(move || shared.control.note(&allowed.scope, &origin, "channel.tested", &tried)).await?;
    let sent = delivery::send(&state, &allowed.scope, &channel, &id, &message.to_string()).await;
    Ok(Answer(ChannelTested { sent: sent.is_ok(), error: sent.err().map(|error| error.to_string()) }))
}
