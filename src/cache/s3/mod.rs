//! The S3 tier: an object per entry, with both digests as metadata and the headers that let a web server or a CDN
//! serve the bucket as it is.
//!
//! Which bucket, and as whom, is said by a [`Dsn`], the form that go-rasterzen made known; what else a write sends is
//! said by [`PutSettings`]. Nothing is connected before the first use: a cold start that needs no bucket pays for
//! none. Messages name the operation, the status and the store's own error code, and never a key, a credential, or a
//! URL.

mod dsn;
mod failure;

use super::{Entry, PutOptions};
use crate::error::Error;
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
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectCannedAcl;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::{Bytes, BytesMut};
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;

pub use dsn::{Credentials, Dsn, PutSettings};
use dsn::{endpoint_host, is_local};
use failure::{CREDENTIALS_REFUSED, TOO_SLOW, UNREACHABLE, status};

/// A read ends a little before the look into the cache that it serves, so that what is logged is its own message,
/// which says what to do, and not only that the tier was slow.
const READ: Duration = limits::CACHE_GET.saturating_sub(Duration::from_millis(100));

/// Tries of one request: the second covers a connection that was closed while it lay idle.
const TRIES: u32 = 2;

const RECIPE: &str = "rasterzen-recipe";
const CONTENT: &str = "rasterzen-content";
const STORED: &str = "rasterzen-stored";

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
