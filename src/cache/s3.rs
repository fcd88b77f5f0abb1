//! The S3 tier: an object per entry, with both digests as metadata and the headers that let a web server or a CDN
//! serve the bucket as it is.
//!
//! Which bucket, and as whom, is said by a [`Dsn`], the form that go-rasterzen made known; what else a write sends is
//! said by [`PutSettings`]. Nothing is connected before the first use: a cold start that needs no bucket pays for
//! none. Messages name the operation, the status and the store's own error code, and never a key, a credential, or a
//! URL.

use super::{Entry, PutOptions};
use crate::error::{Code, Error};
use crate::limits;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
#[allow(deprecated, reason = "the new names are in aws-runtime, which calls itself internal")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption, StorageClass};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;

/// A read ends a little before the look into the cache that it serves, so that what is logged is its own message,
/// which says what to do, and not only that the tier was slow.
const READ: Duration = limits::CACHE_GET.saturating_sub(Duration::from_millis(100));

/// Tries of one request: the second covers a connection that was closed while it lay idle.
const TRIES: u32 = 2;

const RECIPE: &str = "rasterzen-recipe";
const CONTENT: &str = "rasterzen-content";
const STORED: &str = "rasterzen-stored";

// Where the bucket is.

/// Which bucket to use, and as whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Dsn {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    pub region: String,
    pub credentials: Credentials,
    /// Of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path instead of the host name.
    pub path_style: bool,
}

/// Where the keys come from. The keys themselves are never in a DSN.
#[derive(Clone, PartialEq)]
pub enum Credentials {
    /// `iam:`, the SDK's default chain: environment, profile, web identity, container, instance.
    Chain,
    /// `env:`
    Environment,
    /// `{profile}` of the shared files
    Profile(String),
    /// `{file}:{profile}`
    File(PathBuf, String),
}

/// Tells the kind only: someone may have put a key where the name of a profile belongs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Chain => "iam:",
            Credentials::Environment => "env:",
            Credentials::Profile(_) => "{profile}",
            Credentials::File(..) => "{file}:{profile}",
        })
    }
}

const DSN_KEYS: [&str; 6] = ["bucket", "prefix", "region", "credentials", "endpoint", "path_style"];

fn wrong_dsn(detail: impl fmt::Display) -> Error {
    Error::misconfigured(
        format!("the DSN {detail}"),
        "a DSN is bucket=… region=… credentials=… in any order, and prefix=…, endpoint=… and path_style=true|false at \
         will; values with spaces stand in quotes; credentials= takes iam:, env:, {profile} or {file}:{profile}",
    )
}

impl FromStr for Dsn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Dsn, Error> {
        let mut values = dsn_values(text)?;
        let mut required = |key: &str| values.remove(key).ok_or_else(|| wrong_dsn(format_args!("is missing '{key}='")));
        let (bucket, region) = (required("bucket")?, required("region")?);
        let credentials = required("credentials")?.parse()?;
        let prefix = values.remove("prefix").unwrap_or_default();
        let endpoint = values.remove("endpoint");
        let local = match &endpoint {
            Some(endpoint) => is_local(&endpoint_host(endpoint)?),
            None => false,
        };
        Ok(Dsn {
            bucket: checked_bucket(bucket)?,
            prefix: prefix.trim_matches('/').to_owned(),
            region: checked_region(region)?,
            credentials,
            endpoint,
            path_style: match values.get("path_style").map(String::as_str) {
                None => local,
                Some("true") => true,
                Some("false") => false,
                Some(_) => return Err(wrong_dsn("has a 'path_style=' that is neither true nor false")),
            },
        })
    }
}

/// The values of a DSN by their keys, each of which is known and stands once.
fn dsn_values(text: &str) -> Result<HashMap<&'static str, String>, Error> {
    let mut values = HashMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let key_ends = rest.find(|c: char| c == '=' || c.is_whitespace()).filter(|&at| rest[at..].starts_with('='));
        let Some(key_ends) = key_ends else {
            return Err(wrong_dsn(format_args!("has no '=' in its word {}", values.len() + 1)));
        };
        let key = known_dsn_key(&rest[..key_ends], values.len() + 1)?;
        let (value, behind) = dsn_value(key, &rest[key_ends + 1..])?;
        if values.insert(key, value.to_owned()).is_some() {
            return Err(wrong_dsn(format_args!("has '{key}=' twice")));
        }
        rest = behind.trim_start();
    }
    Ok(values)
}

/// Names an unknown key only if it looks like one: a secret that was pasted without its key may end in `=` too.
fn known_dsn_key(key: &str, word: usize) -> Result<&'static str, Error> {
    if let Some(known) = DSN_KEYS.iter().find(|known| **known == key) {
        return Ok(known);
    }
    let printable = key.len() <= 20 && key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'-');
    Err(match printable {
        true => wrong_dsn(format_args!("has an unknown key '{key}='")),
        false => wrong_dsn(format_args!("has an unknown key in its word {word}")),
    })
}

/// One value, quoted or up to the next space, and what is behind it.
fn dsn_value<'a>(key: &str, text: &'a str) -> Result<(&'a str, &'a str), Error> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())));
    };
    let Some((value, behind)) = text[1..].split_once(quote) else {
        return Err(wrong_dsn(format_args!("has a quote after '{key}=' that is not closed")));
    };
    if behind.starts_with(|c: char| !c.is_whitespace()) {
        return Err(wrong_dsn(format_args!("has no space behind the quoted value of '{key}='")));
    }
    Ok((value, behind))
}

fn checked_bucket(bucket: String) -> Result<String, Error> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    // The ARN of an access point is taken in place of a name.
    match bucket.starts_with("arn:") || (!bucket.is_empty() && bucket.bytes().all(allowed)) {
        true => Ok(bucket),
        false if bucket.is_empty() => Err(wrong_dsn("has an empty 'bucket='")),
        false => Err(wrong_dsn("has a 'bucket=' that is not a bucket's name (a folder in it goes into prefix=)")),
    }
}

fn checked_region(region: String) -> Result<String, Error> {
    match is_word(&region) {
        true => Ok(region),
        false => Err(wrong_dsn("has a 'region=' that is not a region's name, such as us-east-1")),
    }
}

/// The host of an endpoint, which is a plain HTTP or HTTPS address.
fn endpoint_host(endpoint: &str) -> Result<String, Error> {
    let uri = endpoint.parse::<http::Uri>().ok().filter(|uri| uri.query().is_none());
    let host = uri.as_ref().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https"))).and_then(|uri| {
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        uri.host().filter(|host| plain && !host.is_empty())
    });
    let wrong = || wrong_dsn("has an 'endpoint=' that is not http://host:port or https://host:port");
    host.map(str::to_owned).ok_or_else(wrong)
}

/// Whether names below this host cannot be looked up, so that a bucket cannot stand in front of it.
fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

impl FromStr for Credentials {
    type Err = Error;

    fn from_str(text: &str) -> Result<Credentials, Error> {
        match (text, text.rsplit_once(':')) {
            ("iam:", _) => Ok(Credentials::Chain),
            ("" | "env:", _) => Ok(Credentials::Environment),
            (profile, None) => Ok(Credentials::Profile(profile.to_owned())),
            (_, Some((file, profile))) if !file.is_empty() && !profile.is_empty() => {
                Ok(Credentials::File(file.into(), profile.to_owned()))
            }
            _ => Err(wrong_dsn("has 'credentials=' of no known form")),
        }
    }
}

// What a write sends besides the object.

/// What every write asks of the bucket; nothing unless it is named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PutSettings {
    acl: Option<ObjectCannedAcl>,
    storage_class: Option<StorageClass>,
    encryption: Option<ServerSideEncryption>,
}

impl FromStr for PutSettings {
    type Err = Error;

    fn from_str(text: &str) -> Result<PutSettings, Error> {
        let mut settings = PutSettings::default();
        for word in text.split(|c: char| c == '&' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            let Some((key, value)) = word.split_once('=') else {
                return Err(wrong_option(format_args!("'{word}' has no '='")));
            };
            let twice = match key {
                "ACL" => settings
                    .acl
                    .replace(option(key, value, ObjectCannedAcl::try_parse, ObjectCannedAcl::values())?)
                    .is_some(),
                "StorageClass" => {
                    let class = option(key, value, StorageClass::try_parse, StorageClass::values())?;
                    settings.storage_class.replace(class).is_some()
                }
                "ServerSideEncryption" => {
                    let encryption =
                        option(key, value, ServerSideEncryption::try_parse, ServerSideEncryption::values())?;
                    settings.encryption.replace(encryption).is_some()
                }
                _ => return Err(wrong_option(format_args!("'{key}' is not known"))),
            };
            if twice {
                return Err(wrong_option(format_args!("'{key}' stands there twice")));
            }
        }
        Ok(settings)
    }
}

fn wrong_option(detail: impl fmt::Display) -> Error {
    Error::misconfigured(
        format!("the cache options are wrong: {detail}"),
        "accepted are ACL=, StorageClass= and ServerSideEncryption=, each once, such as ACL=public-read",
    )
}

/// The value of an option, if the SDK knows it.
fn option<T, E>(key: &str, value: &str, parse: fn(&str) -> Result<T, E>, known: &[&str]) -> Result<T, Error> {
    parse(value).map_err(|_| {
        let detail = format!("the cache options are wrong: {key}={value} is not known");
        Error::misconfigured(detail, format!("{key}= takes {}", known.join(", ")))
    })
}

// The tier.

/// A bucket, or a folder in one, as a cache tier.
pub struct S3 {
    dsn: Dsn,
    settings: PutSettings,
    client: OnceCell<Client>,
    /// Whether the bucket said that it takes no ACLs.
    acl_refused: AtomicBool,
    /// Whether it was said that gets are refused.
    get_refused: AtomicBool,
}

impl S3 {
    /// A tier that connects when it is first used.
    pub fn new(dsn: Dsn, settings: PutSettings) -> S3 {
        S3 {
            dsn,
            settings,
            client: OnceCell::new(),
            acl_refused: AtomicBool::new(false),
            get_refused: AtomicBool::new(false),
        }
    }

    /// The entry under `key`. An object that this program did not write is a miss.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        // The SDK's own timeouts end with the answer's head; this one covers the body too.
        match tokio::time::timeout(READ, self.read(key)).await {
            Ok(read) => read,
            Err(_) => Err(self.failed("get", "took too long", TOO_SLOW)),
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Entry>, Error> {
        let request = self.client().await.get_object().bucket(&self.dsn.bucket).key(self.object_key(key));
        match request.send().await {
            Ok(object) => self.entry(object).await,
            Err(error) if self.is_miss(&error) => Ok(None),
            Err(error) => Err(self.failure("get", &error)),
        }
    }

    /// Writes the entry under `key`.
    pub async fn put(&self, key: &str, entry: &Entry, options: &PutOptions) -> Result<(), Error> {
        let acl = self.settings.acl.clone().filter(|_| !self.acl_refused.load(Ordering::Relaxed));
        let with_acl = acl.is_some();
        let written = match self.write(key, entry, options, acl).await {
            Err(error) if with_acl && error.code() == Some("AccessControlListNotSupported") => {
                self.note_acl_refused();
                self.write(key, entry, options, None).await
            }
            written => written,
        };
        written.map_err(|error| self.failure("put", &error))
    }

    async fn write(
        &self,
        key: &str,
        entry: &Entry,
        options: &PutOptions,
        acl: Option<ObjectCannedAcl>,
    ) -> Result<(), SdkError<PutObjectError>> {
        let stored = entry.stored.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let cache_control = Some(options.cache_control.clone()).filter(|value| !value.is_empty());
        let request = self.client().await.put_object().bucket(&self.dsn.bucket).key(self.object_key(key));
        request
            .content_type(&entry.content_type)
            .set_cache_control(cache_control)
            .metadata(RECIPE, &*entry.recipe)
            .metadata(CONTENT, &*entry.content)
            .metadata(STORED, stored.to_string())
            .set_acl(acl)
            .set_storage_class(self.settings.storage_class.clone())
            .set_server_side_encryption(self.settings.encryption.clone())
            .body(ByteStream::from(entry.body.clone()))
            .send()
            .await?;
        Ok(())
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| connect(&self.dsn)).await
    }

    fn object_key(&self, key: &str) -> String {
        let key = key.trim_start_matches('/');
        match self.dsn.prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        }
    }

    /// An object with our metadata, of a bearable size, as an entry.
    async fn entry(&self, object: GetObjectOutput) -> Result<Option<Entry>, Error> {
        let declared = object.content_length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let metadata = |name| object.metadata.as_ref().and_then(|metadata| metadata.get(name));
        let (Some(recipe), Some(content), Some(content_type)) =
            (metadata(RECIPE), metadata(CONTENT), object.content_type.as_ref())
        else {
            return Ok(None);
        };
        if declared > limits::CACHE_OBJECT_BYTES {
            return Ok(None);
        }
        let stored = metadata(STORED).and_then(|seconds| seconds.parse::<u64>().ok());
        let modified = || object.last_modified.and_then(|time| u64::try_from(time.secs()).ok());
        let (recipe, content) = (recipe.as_str().into(), content.as_str().into());
        let (content_type, stored) = (content_type.clone(), since_1970(stored.or_else(modified).unwrap_or(0)));
        match body(object.body, declared).await {
            Ok(body) => Ok(body.map(|body| Entry { body, content_type, recipe, content, stored })),
            Err(_) => Err(self.failed("get", "broke off within the object", UNREACHABLE)),
        }
    }

    /// Whether a failed get only says that there is no such object.
    fn is_miss(&self, error: &SdkError<GetObjectError>) -> bool {
        let code = error.code().unwrap_or_default();
        match status(error) {
            Some(404) => code != "NoSuchBucket",
            Some(403) if !CREDENTIALS_REFUSED.contains(&code) => {
                self.note_get_refused();
                true
            }
            _ => false,
        }
    }

    fn note_get_refused(&self) {
        if !self.get_refused.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                bucket = self.dsn.bucket,
                "S3 answers 403 to a get, which is taken for a miss from now on: without the right s3:ListBucket on \
                 the bucket S3 answers so for an object that is not there; if objects are never found, s3:GetObject \
                 is missing too"
            );
        }
    }

    fn note_acl_refused(&self) {
        if !self.acl_refused.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                bucket = self.dsn.bucket,
                "the bucket takes no ACLs (its object ownership is \"bucket owner enforced\"): objects are written \
                 without one from now on; remove ACL= from the cache options, and make the objects public by a bucket \
                 policy if they have to be"
            );
        }
    }
}

fn since_1970(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.min(u32::MAX.into()))
}

/// The body, unless it is larger than what a cached object may be, whatever length was declared.
async fn body(mut stream: ByteStream, declared: usize) -> Result<Option<Bytes>, impl StdError> {
    let mut body = BytesMut::with_capacity(declared.min(1 << 20));
    while let Some(chunk) = stream.try_next().await? {
        if body.len() + chunk.len() > limits::CACHE_OBJECT_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok::<_, aws_sdk_s3::primitives::ByteStreamError>(Some(body.freeze()))
}

// The connection.

/// The SDK's client. Reads the environment and the shared files, and asks nothing of the network: the region is known.
async fn connect(dsn: &Dsn) -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .pool_idle_timeout(limits::IDLE)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let region = Region::new(dsn.region.clone());
    let providers = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(provider(&dsn.credentials, &region, providers).await)
        .http_client(http)
        .region(region)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(limits::FETCH_BACKOFF))
        .timeout_config(timeouts())
        // Ours are stricter.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &dsn.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;
    let mut config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(dsn.path_style);
    // Set by the DSN, or else where the SDK looks by itself.
    let endpoint = dsn.endpoint.clone().or_else(|| std::env::var("AWS_ENDPOINT_URL_S3").ok());
    if let Some(endpoint) = endpoint.as_deref().or(shared.endpoint_url()) {
        let local = endpoint_host(endpoint).is_ok_and(|host| is_local(&host));
        config = config
            .force_path_style(dsn.path_style || (dsn.endpoint.is_none() && local))
            // Many stores do not know the checksums that Amazon's does.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Client::from_conf(config.build())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(limits::CONNECT)
        .operation_attempt_timeout(limits::CACHE_PUT / TRIES)
        .operation_timeout(limits::CACHE_PUT)
        .build()
}

async fn provider(credentials: &Credentials, region: &Region, config: ProviderConfig) -> SharedCredentialsProvider {
    let profiles = ProfileFileCredentialsProvider::builder().configure(&config);
    match credentials {
        Credentials::Chain => {
            // Where there is no instance to ask, asking it four times would outlast every get.
            let instance = aws_config::imds::Client::builder().configure(&config).max_attempts(1).build();
            let chain = DefaultCredentialsChain::builder().configure(config).region(region.clone());
            SharedCredentialsProvider::new(chain.imds_client(instance).build().await)
        }
        Credentials::Environment => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        Credentials::Profile(name) => SharedCredentialsProvider::new(profiles.profile_name(name).build()),
        Credentials::File(file, name) => {
            #[allow(deprecated)]
            let files = ProfileFiles::builder().with_file(ProfileFileKind::Credentials, file).build();
            SharedCredentialsProvider::new(profiles.profile_files(files).profile_name(name).build())
        }
    }
}

// What went wrong.

/// Error codes of a 403 that blame the keys, and so never mean that an object is not there.
const CREDENTIALS_REFUSED: [&str; 8] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidSecurity",
    "RequestTimeTooSkewed",
    "AccountProblem",
    "NotSignedUp",
];

const TOO_SLOW: &str = "look whether the store can be reached from here and is in the same region; a Lambda function \
                        in a VPC needs a gateway endpoint for S3";
const UNREACHABLE: &str = "look whether the store is up, and at region= and endpoint= in the DSN";
const NO_CREDENTIALS: &str = "credentials= in the DSN says where they come from: iam: is the role or whatever else \
                              the AWS SDK finds, env: is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else a profile \
                              with keys or a role, not one of SSO or credential_process";
const RIGHTS: &str = "the credentials need the rights s3:GetObject and s3:PutObject on the objects, s3:PutObjectAcl too \
                      where ACL= is set";
const UNMADE: &str = "look at bucket=, region= and endpoint= in the DSN";
const WRONG_REGION: &str = "put the region of the bucket after region= in the DSN";

impl S3 {
    fn failed(&self, operation: &str, what: impl fmt::Display, hint: impl Into<String>) -> Error {
        Error::new(Code::Internal, format!("S3 {operation}, bucket {}: {what}", self.dsn.bucket), hint)
    }

    fn failure<E>(&self, operation: &str, error: &SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        if let Some(status) = status(error) {
            let code = error.code().filter(|code| is_word(code)).unwrap_or("no error code");
            let hint = hint(status, code, actual_region(error).filter(|region| *region != self.dsn.region));
            return self.failed(operation, format_args!("status {status}, {code}"), hint);
        }
        if cause::<CredentialsError>(error).is_some() {
            return self.failed(operation, "no credentials were found", NO_CREDENTIALS);
        }
        let (timed_out, on_its_way) = match error {
            SdkError::TimeoutError(_) => (true, true),
            SdkError::DispatchFailure(failure) => {
                (failure.is_timeout(), failure.is_io() || failure.as_other().is_some())
            }
            _ => (false, false),
        };
        match cause::<io::Error>(error) {
            _ if timed_out => self.failed(operation, "took too long", TOO_SLOW),
            Some(cause) => self.failed(operation, format_args!("no connection: {cause}"), UNREACHABLE),
            None if on_its_way => self.failed(operation, "the connection broke", UNREACHABLE),
            None => self.failed(operation, "the request cannot be made", UNMADE),
        }
    }
}

/// The first cause of that type.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// The HTTP status of the answer, if there was one.
fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// The region that the bucket is in, if the answer tells: in a header, or in the body of the error.
fn actual_region<E>(error: &SdkError<E>) -> Option<&str> {
    let response = error.raw_response()?;
    let in_body = || {
        let body = std::str::from_utf8(response.body().bytes()?).ok()?;
        Some(body.split_once("<Region>")?.1.split_once("</Region>")?.0)
    };
    response.headers().get("x-amz-bucket-region").or_else(in_body).filter(|region| is_word(region))
}

/// Whether a stranger's text is harmless to print: a short word.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What to do about an answer, by its cause. `region` is the bucket's, where it is not the one of the DSN.
fn hint(status: u16, code: &str, region: Option<&str>) -> String {
    if let Some(region) = region {
        return format!("the bucket is in another region: put region={region} into the DSN");
    }
    let hint = match (status, code) {
        (_, "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed") | (301 | 307, _) => {
            WRONG_REGION
        }
        (_, "NoSuchBucket") => "there is no such bucket: make it, or put another after bucket= in the DSN",
        (_, "RequestTimeTooSkewed") => "the clock of this machine is wrong: set it",
        (_, "ExpiredToken" | "TokenRefreshRequired") => "the credentials have expired: get new ones",
        (_, code) if CREDENTIALS_REFUSED.contains(&code) => "the store refuses the credentials that the DSN points to",
        (401 | 403, _) => RIGHTS,
        (400 | 501, _) => "the store does not take the request: look at the cache options and the DSN",
        (429 | 500.., _) => "the store is busy or down",
        _ => "look the code up in the documentation of the store",
    };
    hint.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsn(text: &str) -> Dsn {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_dsn_is_read_in_any_order() {
        let expected = Dsn {
            bucket: "tiles".into(),
            prefix: "a/b".into(),
            region: "us-east-1".into(),
            credentials: Credentials::Chain,
            endpoint: None,
            path_style: false,
        };
        for text in [
            "bucket=tiles prefix=a/b region=us-east-1 credentials=iam:",
            "credentials=iam: region=us-east-1  prefix=/a/b/ bucket=tiles ",
            "\tcredentials='iam:' region=\"us-east-1\" prefix='//a/b' bucket=\"tiles\" path_style=false",
        ] {
            assert_eq!(dsn(text), expected, "{text}");
        }
        let spaces = dsn("bucket=tiles region=r credentials=\"/my files/c=d:it's\" prefix='a b \"c\"'");
        assert_eq!(spaces.credentials, Credentials::File("/my files/c=d".into(), "it's".into()));
        assert_eq!(spaces.prefix, "a b \"c\"");
    }

    #[test]
    fn credentials_have_four_forms() {
        for (text, expected) in [
            ("", Credentials::Environment),
            ("env:", Credentials::Environment),
            ("''", Credentials::Environment),
            ("iam:", Credentials::Chain),
            ("me", Credentials::Profile("me".into())),
            ("/a:b/c:me", Credentials::File("/a:b/c".into(), "me".into())),
        ] {
            assert_eq!(dsn(&format!("bucket=b credentials={text} region=r")).credentials, expected, "{text}");
        }
    }

    #[test]
    fn path_style_follows_the_endpoint_unless_it_is_said() {
        for (text, expected) in [
            ("", false),
            ("endpoint=https://s3.example.com", false),
            ("endpoint=http://127.0.0.1:9000", true),
            ("endpoint=http://[::1]:9000/", true),
            ("endpoint=http://LOCALHOST", true),
            ("endpoint=http://localhost.example.com", false),
            ("endpoint=http://localhost path_style=false", false),
            ("endpoint=https://s3.example.com path_style=true", true),
            ("path_style=true", true),
        ] {
            assert_eq!(dsn(&format!("bucket=b region=r credentials=iam: {text}")).path_style, expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_dsn_is_named_and_its_credentials_are_not() {
        const SECRET: &str = "SECRETwJalrXUtnFEMIK7MDENGbPxRfiCY";
        for (text, expected) in [
            ("", "missing 'bucket='"),
            ("bucket=b credentials=x", "missing 'region='"),
            ("region=r credentials=x", "missing 'bucket='"),
            ("bucket=b region=r", "missing 'credentials='"),
            ("bucket=b bucket=c region=r credentials=SECRET", "'bucket=' twice"),
            ("bucket=b credentials=SECRET region=r credentials=SECRET", "'credentials=' twice"),
            ("bucket=b region=r credentials=SECRET acl=public", "unknown key 'acl='"),
            ("bucket=b region=r credentials=x SECRET", "no '=' in its word 4"),
            ("bucket=b region=r SECRET= credentials=x", "unknown key in its word 3"),
            ("bucket=b region=r SECRET credentials=x", "no '=' in its word 3"),
            ("bucket=b region=r credentials=SECRET:", "'credentials=' of no known form"),
            ("bucket=b region=r credentials=:SECRET", "'credentials=' of no known form"),
            ("bucket=b region=r credentials='SECRET", "quote after 'credentials=' that is not closed"),
            ("bucket=b region=r credentials='a'SECRET", "no space behind the quoted value of 'credentials='"),
            ("bucket= region=r credentials=SECRET", "empty 'bucket='"),
            ("bucket=b/c region=r credentials=SECRET", "not a bucket's name"),
            ("bucket=b region= credentials=SECRET", "not a region's name"),
            ("bucket=b region=r.evil.com/ credentials=SECRET", "not a region's name"),
            ("bucket=b region=r credentials=SECRET path_style=yes", "neither true nor false"),
            ("bucket=b region=r credentials=x endpoint=", "the DSN has an 'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=ftp://host", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=host:9000", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=http://me:SECRET@host", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=http://host/?key=SECRET", "'endpoint='"),
            ("bucket=b=ü region=r credentials=x", "not a bucket's name"),
            ("=", "unknown key"),
            ("ü=ü", "unknown key in its word 1"),
        ] {
            let error = text.replace("SECRET", SECRET).parse::<Dsn>().expect_err(text);
            assert_eq!(error.code, Code::Misconfigured);
            assert!(error.detail.contains(expected), "{text}: {error}");
            assert!(!error.to_string().contains(SECRET), "{error}");
            assert!(error.hint.contains("bucket=") && error.hint.contains("credentials="));
        }
        let debug = format!("{:?}", dsn(&format!("bucket=b region=r credentials={SECRET}:{SECRET}")));
        assert!(!debug.contains(SECRET), "{debug}");
    }

    #[test]
    fn put_settings_are_what_the_sdk_knows() {
        let all = PutSettings {
            acl: Some(ObjectCannedAcl::PublicRead),
            storage_class: Some(StorageClass::StandardIa),
            encryption: Some(ServerSideEncryption::Aes256),
        };
        for text in [
            "ACL=public-read StorageClass=STANDARD_IA ServerSideEncryption=AES256",
            "ServerSideEncryption=AES256&StorageClass=STANDARD_IA&ACL=public-read",
        ] {
            assert_eq!(text.parse::<PutSettings>().ok(), Some(all.clone()), "{text}");
        }
        for text in ["", "  ", "&"] {
            assert_eq!(text.parse::<PutSettings>().ok(), Some(PutSettings::default()), "{text}");
        }
        for (text, expected) in [
            ("ACL=everyone", "public-read"),
            ("ACL=", "bucket-owner-full-control"),
            ("StorageClass=standard", "STANDARD_IA"),
            ("ServerSideEncryption=ROT13", "AES256"),
            ("Acl=private", "'Acl' is not known"),
            ("ACL=private ACL=private", "'ACL' stands there twice"),
            ("public-read", "'public-read' has no '='"),
        ] {
            let error = text.parse::<PutSettings>().expect_err(text);
            assert_eq!(error.code, Code::Misconfigured);
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
