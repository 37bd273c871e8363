namespace Skitai.Configuration.Settings;

/// <summary>What <c>[tunefactors]</c> says: limits and patience.</summary>
public sealed record TuneSettings
{
    /// <summary>Freshness lifetime given to static files (<c>Cache-Control: max-age</c>); zero = <c>no-cache</c>.</summary>
    public TimeSpan StaticMaxAge { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>
    /// The patience for one step: a stalled transfer to or from a client, a request waiting for a free app thread.
    /// </summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an idle connection is kept for the next request.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest request body in bytes; a longer one gets 413. 0 = no limit.</summary>
    public long MaxBodySize { get; init; } = 100L * 1024 * 1024;

    /// <summary>An app gets a request body only when it is there as a whole, with its length; else it reads it as it comes.</summary>
    public bool BufferUploads { get; init; } = true;

    /// <summary>How many bytes of an app's answer are kept on disk for a client that is slower than the app. 0 = the app waits.</summary>
    public long BufferAnswers { get; init; } = 100L * 1024 * 1024;

    /// <summary>How long a client may take to send a request's header section; then 408.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The largest request header section in bytes; a longer one gets 431.</summary>
    public int MaxHeaderSize { get; init; } = 32 * 1024;

    /// <summary>What an app's whole answer may take; then 504. Zero = no limit.</summary>
    public TimeSpan AppTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>A request that an app has held longer is reported once, with tracebacks. Zero = never.</summary>
    public TimeSpan SlowRequest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Client connections open at once; 0 = no limit.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Requests after which a worker is replaced, give or take a tenth (jitter); 0 = never.</summary>
    public int MaxRequests { get; init; }

    /// <summary>Resident bytes above which a worker is replaced once idle; 0 = no limit.</summary>
    public long MaxWorkerMemory { get; init; }
}
