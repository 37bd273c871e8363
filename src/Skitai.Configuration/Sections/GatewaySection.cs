using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Sections;

/// <summary><c>[api-gateway]</c>. Two keys switch it on; the others only matter then.</summary>
internal static class GatewaySection
{
    private static readonly Key<bool> EnableGateway = new(
        "enable_gateway", Kinds.YesNo, false,
        "Whether clusters are guarded by tokens, roles and addresses.")
    { Later = Feature.Gateway };

    private static readonly Key<bool> Authenticate = new(
        "authenticate", Kinds.YesNo, false,
        "Whether a request to a cluster needs a bearer token.")
    { Later = Feature.Gateway };

    private static readonly Key<string?> Realm = new(
        "realm", Kinds.Text, "API Gateway",
        "What a client without a valid token is told it is locked out of.")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<string?> SecretKey = new(
        "secret_key", Kinds.Text, null,
        "Secret that signs JSON web tokens (HS256 and its kin).")
    { Secret = true, Later = Feature.Gateway, Asks = Never };

    private static readonly Key<IReadOnlyList<string>> Algorithms = new(
        "algorithms", Kinds.Algorithms, [],
        "Signature algorithms accepted. Not set = HS256 with a secret_key, else what the public key allows.")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<string?> PublicKey = new(
        "public_key", Kinds.FilePath, null,
        "PEM file with the key that verifies tokens (RS256, ES256 and their kin).")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<string?> Jwks = new(
        "jwks", Kinds.Text, null,
        "File or URL with a JSON web key set that verifies tokens.")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<string?> Issuer = new(
        "issuer", Kinds.Text, null, "The iss that a token must have.")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<string?> Audience = new(
        "audience", Kinds.Text, null, "The aud that a token must have.")
    { Later = Feature.Gateway, Asks = Never };

    private static readonly Key<TimeSpan> Leeway = new(
        "leeway", Kinds.Duration(TimeSpan.Zero, TimeSpan.FromHours(1)), TimeSpan.Zero,
        "How far clocks may differ when a token's times are checked.")
    { Later = Feature.Gateway, Asks = _ => false };

    private static readonly Key<string?> RateLimit = new(
        "rate_limit", Kinds.Rate, null,
        "How many requests a user or address may make.")
    { Later = Feature.Gateway, Asks = Never };

    public static readonly Section Declaration = new(
        "api-gateway", "Who may use the clusters.",
        [EnableGateway, Authenticate, Realm, SecretKey, Algorithms, PublicKey, Jwks, Issuer, Audience, Leeway, RateLimit]);

    private static bool Never(object? value) => false;
}
