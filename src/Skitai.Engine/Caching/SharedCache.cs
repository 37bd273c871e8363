using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>
/// An instance's shared cache by RFC 9111, in front of its clusters. A request that it has a fresh answer for is answered
/// here; one of many for the same goes to the origin while the others wait for what it brings; what is not for a cache is
/// forwarded as if there were none.
/// </summary>
internal sealed partial class SharedCache : IAsyncDisposable
{
    /// <summary>What request.log says where the cache answered.</summary>
    internal static readonly byte[] LogName = "cache"u8.ToArray();

    private readonly ConcurrentDictionary<string, Flight> _flights = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Flight, bool> _running = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly AnswerWitness _bypass, _partial, _unsafe, _miss, _guessedMiss, _head, _unkept;
    private volatile StoredAnswer _answer;
    private volatile FileSender _sender;
    private TimeSpan _patience;
    private int _confirming;

    /// <summary>Makes it.</summary>
    /// <param name="settings">Its sizes.</param>
    /// <param name="directory">Where it keeps what goes to disk; null = nowhere.</param>
    /// <param name="patience">response_timeout: a client that takes nothing for so long is cut off, and none waits longer for another one's request, where the cluster has none of its own.</param>
    /// <param name="logger">Hears of trouble.</param>
    /// <param name="time">The clock.</param>
    public SharedCache(CacheSettings settings, string? directory, TimeSpan patience, ILogger logger, TimeProvider time)
    {
        (_logger, _time, _patience) = (logger, time, patience);
        Store = new ObjectStore(settings.Memory, settings.Disk, directory, logger, time);
        Uncacheable = new UncacheableKeys(time);
        Oversized = new UncacheableKeys(time);
        _sender = new FileSender(patience, time, logger);
        _answer = new StoredAnswer(_sender);
        _bypass = new PassedAnswers(ForwardReason.Bypass);
        _partial = new PassedAnswers(ForwardReason.Partial);
        _unsafe = new UnsafeAnswers(this);
        _miss = new MissedAnswers(this, guesses: false);
        _guessedMiss = new MissedAnswers(this, guesses: true);
        _head = new HeadAnswers(this);
        _unkept = new PassedAnswers(ForwardReason.UriMiss);
        IsOn = settings.Memory > 0 || settings.Disk > 0;
    }

    /// <summary>Whether there is room for anything at all.</summary>
    public bool IsOn { get; private set; }

    /// <summary>What is kept.</summary>
    internal ObjectStore Store { get; }

    /// <summary>What was not kept, by the rules.</summary>
    internal UncacheableKeys Uncacheable { get; }

    /// <summary>What was not kept for want of room.</summary>
    internal UncacheableKeys Oversized { get; }

    /// <summary>What happened.</summary>
    internal CacheCounters Counters { get; } = new();

    /// <summary>The time.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>A time stamp.</summary>
    internal long Timestamp => _time.GetTimestamp();

    /// <summary>Answers a request, from here or from its origin.</summary>
    public ValueTask HandleAsync(Exchange exchange, Origin origin)
    {
        var fields = exchange.Request.Headers;
        if (exchange.Method is not ("GET" or "HEAD"))
        {
            Interlocked.Increment(ref Counters.Mine.Passed);
            return origin.ForwardAsync(exchange, InvalidatedKeys.IsSafe(exchange.Method) ? _bypass : _unsafe);
        }

        if (!IsOn || fields.Upgrade.Count > 0 || ClientConditions.AreForOrigin(fields) || UnkeyedFields.HavePrefixForMembers(fields, exchange.Connection.IsTrusted)
            || (fields.ContentLength != 0 && exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }))
        {
            Interlocked.Increment(ref Counters.Mine.Passed);
            return origin.ForwardAsync(exchange, _bypass);
        }

        var request = new CachedRequest(exchange);
        exchange.AnsweredBy = LogName; // whoever asks the origin says otherwise
        if (Store.TryGet(request.Key, request, out var stored))
        {
            return UseAsync(request, origin, stored);
        }

        return Store.MayFindOnDisk(request.Key) ? LookOnDiskAsync(request, origin) : MissAsync(request, origin);
    }

    private async ValueTask LookOnDiskAsync(CachedRequest request, Origin origin)
    {
        StoredObject? stored;
        try
        {
            stored = await Store.GetAsync(request.Key, request, request.Exchange.ClientGone);
        }
        catch (OperationCanceledException)
        {
            request.Exchange.Abort();
            return;
        }

        await (stored is null ? MissAsync(request, origin) : UseAsync(request, origin, stored));
    }

    /// <summary>Something is kept for the request: answers with it, if it will do. Takes over the share.</summary>
    private ValueTask UseAsync(CachedRequest request, Origin origin, StoredObject stored)
    {
        var now = _time.GetUtcNow();
        var head = stored.Head;
        var ready = ReadyAnswer.Of(head, origin.Settings.CacheHeuristic);
        var use = Reuse.Decide(ready.Freshness, now, request.Control);
        switch (use)
        {
            case Use.AsIs:
                return AnswerAsync(request, stored, head, ready, now, null);
            case Use.Stale:
                return AnswerAsync(request, stored, head, ready, now, "max-stale");
            case Use.StaleWhileRevalidated:
                ConfirmInBackground(request, origin, stored);
                return AnswerAsync(request, stored, head, ready, now, "stale-while-revalidate");
            default:
                return AskAsync(request, origin, stored, use);
        }
    }

    /// <summary>A hit. Takes over the share.</summary>
    private ValueTask AnswerAsync(CachedRequest request, StoredObject stored, StoredHead head, ReadyAnswer ready, DateTimeOffset now, string? staleBy)
    {
        ref var counters = ref Counters.Mine;
        Interlocked.Increment(ref counters.Hits);
        if (staleBy is not null)
        {
            Interlocked.Increment(ref counters.Stale);
            return WriteAsync(request, stored, head, ready, now, CacheStatusField.Hit(ReadyAnswer.Seconds(ready.Freshness.LeftAt(now)), staleBy));
        }

        return WriteAsync(request, stored, head, ready, now, ready.TextsAt(now).Status);
    }

    /// <summary>Answers with what is kept. Takes over the share.</summary>
    private ValueTask WriteAsync(
        CachedRequest request, StoredObject stored, StoredHead head, ReadyAnswer ready, DateTimeOffset now, in StringValues status, Header[]? own = null)
    {
        if (request.IsGet)
        {
            Interlocked.Add(ref Counters.Mine.HitBytes, stored.Length);
        }

        return _answer.WriteAsync(request, stored, head, ready, now, status, own);
    }

    /// <summary>Asks whether a kept answer is still good while clients go on getting it: one request for each, and not too many.</summary>
    private void ConfirmInBackground(CachedRequest request, Origin origin, StoredObject stored)
    {
        const int most = 64;
        var name = NameOf(request.Key, stored.Head.VaryNames, stored.Head.Variant);
        if (_confirming >= most || _flights.ContainsKey(name) || request.Traits != RequestTraits.None || !stored.TryAcquire())
        {
            return;
        }

        var flight = new Flight(this, origin, request, stored, name, isBackground: true);
        if (!_flights.TryAdd(name, flight))
        {
            stored.Release();
            return;
        }

        Interlocked.Increment(ref _confirming);
        _ = RunInBackgroundAsync(flight, origin);
    }

    private async Task RunInBackgroundAsync(Flight flight, Origin origin)
    {
        await RunAsync(flight, origin);
        Interlocked.Decrement(ref _confirming);
    }

    /// <summary>Never throws.</summary>
    private async Task RunAsync(Flight flight, Origin origin)
    {
        // In the time of the client's request, by which the origin is in use already.
        origin.Entered();
        _running[flight] = true;
        if (flight.IsBackground)
        {
            // Not on the thread, and not in the time, of the client that happened to come by.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        await flight.RunAsync();
        _running.TryRemove(flight, out _);
        origin.Left();
    }

    /// <summary>How long a request waits for others' flights, all in all.</summary>
    private TimeSpan PatienceFor(Origin origin) => origin.Settings.ResponseTimeout ?? _patience;

    /// <summary>How long others wait for a flight's answer to begin before one of them asks the origin again.</summary>
    private static TimeSpan TakeOverAfter(TimeSpan patience) => TimeSpan.FromTicks(Math.Min(TimeSpan.FromSeconds(5).Ticks, patience.Ticks / 2));

    /// <summary>
    /// What flights for a key, and for a selection of request fields if that is known, are found by. The fields' names are in
    /// it, too: the same value of another field is another selection.
    /// </summary>
    private static string NameOf(string key, string[] names, string variant) =>
        names.Length == 0 ? key : $"{key}\n{string.Join(',', names)}\n{variant}";

    /// <summary>What is remembered of requests like this one, when their answer is not kept.</summary>
    internal static string MarkOf(string key, RequestTraits traits) => traits.HasFlag(RequestTraits.Authorization) ? $"{key}\nAuthorization" : key;

    /// <summary>Others do not find a flight any more.</summary>
    internal void Remove(Flight flight)
    {
        if (flight.Name is { } name)
        {
            _flights.TryRemove(new KeyValuePair<string, Flight>(name, flight));
        }
    }
}
