using Skitai.Configuration.Keys;
using Skitai.Configuration.Reference;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[tunefactors]</c>.</summary>
internal static class TuneSection
{
    private const long Kilo = 1024;
    private const long Mega = 1024 * Kilo;
    private const long Giga = 1024 * Mega;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly Key<TimeSpan> StaticMaxAge = new(
        "static_max_age", Kinds.Duration(TimeSpan.Zero, TimeSpan.FromDays(3650), "they ask each time"), TimeSpan.FromSeconds(300),
        "How long browsers may keep a static file before they ask again.");

    private static readonly Key<TimeSpan> ResponseTimeout = new(
        "response_timeout", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(10),
        "Patience for one step: a stalled transfer to or from a client (it is cut off), a request waiting for a free app thread (it gets 503).");

    private static readonly Key<TimeSpan> KeepAlive = new(
        "keep_alive", Kinds.Duration(Second, Hour), TimeSpan.FromSeconds(10),
        "How long an idle connection is kept for the client's next request.");

    private static readonly Key<int> NumResultCacheMax = new(
        "num_result_cache_max", Kinds.Integer(0, 1_000_000), 200,
        "Entries of the cache for results that apps fetch through the engine.")
    { Later = Feature.ResultCache, Asks = value => value is not (0 or 200) };

    private static readonly Key<long> MaxBodySize = new(
        "max_body_size", Kinds.Size(Kilo, 1024 * Giga, "no limit"), 100 * Mega,
        "Largest request body; a longer one gets 413.");

    private static readonly Key<bool> BufferUploads = new(
        "buffer_uploads", Kinds.YesNo, true,
        "A request body is received as a whole, on disk beyond 64 KB, before an app gets it: a slow sender holds no app thread. no = the app reads it as it comes, as it does after Expect: 100-continue with a length.");

    private static readonly Key<long> BufferAnswers = new(
        "buffer_answers", Kinds.Size(0, 1024 * Giga, "the app waits for it"), 100 * Mega,
        "How much of an answer is kept on disk for a client that is slower than the app, so that it holds no app thread.");

    private static readonly Key<TimeSpan> HeaderTimeout = new(
        "header_timeout", Kinds.Duration(Second, Hour), TimeSpan.FromSeconds(15),
        "How long a client may take to send a request's headers; then it gets 408.");

    private static readonly Key<long> MaxHeaderSize = new(
        "max_header_size", Kinds.Size(Kilo, Mega), 32 * Kilo,
        "Largest request header section; a longer one gets 431.");

    private static readonly Key<TimeSpan> AppTimeout = new(
        "app_timeout", Kinds.Duration(Shortest, Day, "no limit"), TimeSpan.FromSeconds(120),
        "What an app's whole answer may take, waits for a slow client not counted; then the client gets 504 and the worker is replaced.");

    private static readonly Key<TimeSpan> SlowRequest = new(
        "slow_request", Kinds.Duration(Shortest, Day, "never"), TimeSpan.FromSeconds(10),
        "A request that an app has held longer is reported in app.log while it runs, with the Python traceback of every thread.");

    private static readonly Key<int> MaxConnections = new(
        "max_connections", Kinds.Integer(0, 1_000_000, "no limit"), 10_000,
        "Client connections open at once.");

    private static readonly Key<int> MaxRequests = new(
        "max_requests", Kinds.Integer(0, 1_000_000_000, "never"), 0,
        "Requests after which a worker is replaced by a fresh one, give or take a tenth.");

    private static readonly Key<long> MaxWorkerMemory = new(
        "max_worker_memory", Kinds.Size(16 * Mega, 1024 * Giga, "no limit"), 0,
        "Memory (resident bytes) above which a worker is replaced by a fresh one as soon as it is idle.");

    public static readonly Section Declaration = new(
        "tunefactors", "Limits and patience.",
        [
            StaticMaxAge, ResponseTimeout, KeepAlive, NumResultCacheMax, MaxBodySize, BufferUploads, BufferAnswers, HeaderTimeout,
            MaxHeaderSize, AppTimeout, SlowRequest, MaxConnections, MaxRequests, MaxWorkerMemory,
        ]);

    /// <summary>The values that bear on a request to an app.</summary>
    public static IReadOnlyList<KeyValue> DescribeForApps(TuneSettings tune) =>
    [
        MaxBodySize.Describe(tune.MaxBodySize), BufferUploads.Describe(tune.BufferUploads), BufferAnswers.Describe(tune.BufferAnswers), AppTimeout.Describe(tune.AppTimeout), ResponseTimeout.Describe(tune.ResponseTimeout),
        SlowRequest.Describe(tune.SlowRequest), MaxRequests.Describe(tune.MaxRequests), MaxWorkerMemory.Describe(tune.MaxWorkerMemory),
    ];

    /// <summary>The values that bear on a request to a directory of files.</summary>
    public static IReadOnlyList<KeyValue> DescribeForFiles(TuneSettings tune) =>
        [StaticMaxAge.Describe(tune.StaticMaxAge), ResponseTimeout.Describe(tune.ResponseTimeout)];

    public static TuneSettings Build(SectionReader reader)
    {
        _ = reader.Get(NumResultCacheMax); // of a later version: only checked
        return new()
        {
            StaticMaxAge = reader.Get(StaticMaxAge),
            ResponseTimeout = reader.Get(ResponseTimeout),
            KeepAlive = reader.Get(KeepAlive),
            MaxBodySize = reader.Get(MaxBodySize),
            BufferUploads = reader.Get(BufferUploads),
            BufferAnswers = reader.Get(BufferAnswers),
            HeaderTimeout = reader.Get(HeaderTimeout),
            MaxHeaderSize = (int)reader.Get(MaxHeaderSize),
            AppTimeout = reader.Get(AppTimeout),
            SlowRequest = reader.Get(SlowRequest),
            MaxConnections = reader.Get(MaxConnections),
            MaxRequests = reader.Get(MaxRequests),
            MaxWorkerMemory = reader.Get(MaxWorkerMemory),
        };
    }
}
