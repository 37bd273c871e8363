using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Caching;

/// <content>Purging, figures, changed settings, the end.</content>
internal sealed partial class SharedCache
{
    /// <summary>Why a restart may bring back what was purged; null = it does not.</summary>
    public string? PurgeTrouble => Store.PurgeTrouble;

    /// <summary>Removes what is kept for a URL, whatever its selection.</summary>
    /// <param name="url"><c>http://host/path?query</c>.</param>
    /// <returns>How many objects; -1 when it is no URL.</returns>
    public ValueTask<int> PurgeAsync(string url) => CacheKey.TryMake(url, out var key) ? RemoveAsync(key) : ValueTask.FromResult(-1);

    /// <summary>Removes what is kept for all URLs that begin so.</summary>
    /// <param name="prefix"><c>http://host/path</c>, as far as is wanted.</param>
    /// <returns>How many objects; -1 when no URL begins so.</returns>
    public ValueTask<int> PurgePrefixAsync(string prefix)
    {
        if (!CacheKey.TryMake(prefix, out var key))
        {
            return ValueTask.FromResult(-1);
        }

        foreach (var (flight, _) in _running)
        {
            if (flight.Key.StartsWith(key, StringComparison.Ordinal))
            {
                EndSharing(flight);
            }
        }

        return Store.RemovePrefixAsync(key);
    }

    /// <summary>Removes everything.</summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> PurgeAllAsync()
    {
        foreach (var (flight, _) in _running)
        {
            EndSharing(flight);
        }

        return Store.RemoveAllAsync();
    }

    /// <summary>Takes up a changed conf: other sizes, another patience.</summary>
    public void Configure(CacheSettings settings, TimeSpan patience)
    {
        if (patience != _patience)
        {
            _patience = patience;
            _sender = new FileSender(patience, _time, _logger);
            _answer = new StoredAnswer(_sender);
        }

        Store.Resize(settings.Memory, settings.Disk);
        IsOn = settings.Memory > 0 || settings.Disk > 0;
    }

    /// <summary>A successor uses the directory from now on.</summary>
    public void StopWriting() => Store.StopWriting();

    /// <summary>How it does now.</summary>
    public CacheStatus GetStatus()
    {
        var sum = Counters.Sum();
        var usage = Store.Usage;
        return new CacheStatus
        {
            Hits = sum.Hits,
            Stale = sum.Stale,
            HitBytes = sum.HitBytes,
            Misses = sum.Misses,
            Passed = sum.Passed,
            Confirmed = sum.Confirmed,
            Collapsed = sum.Collapsed,
            Stored = sum.Stored,
            Fetching = _running.Count,
            MemoryObjects = usage.MemoryObjects,
            MemoryBytes = usage.MemoryBytes,
            MemoryLimit = usage.MemoryLimit,
            DiskObjects = usage.DiskObjects,
            DiskBytes = usage.DiskBytes,
            DiskLimit = usage.DiskLimit,
            Evictions = usage.MemoryEvictions + usage.DiskEvictions,
            Damaged = usage.DiskDamaged,
            Trouble = usage.DiskTrouble,
        };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<Task> ending = [];
        foreach (var (flight, _) in _running)
        {
            flight.GiveUp();
            ending.Add(flight.Ended);
        }

        // Not longer: an origin that does not let go must not hold up the end of the process.
        await Task.WhenAny(Task.WhenAll(ending), Task.Delay(TimeSpan.FromSeconds(2)));
        await Store.DisposeAsync();
    }

    /// <summary>What is kept for a key, or on its way, is obsolete. Look-ups miss it when this returns.</summary>
    internal void Forget(string key)
    {
        var removing = RemoveAsync(key);
        if (!removing.IsCompletedSuccessfully)
        {
            _ = ObserveAsync(removing, key);
        }
    }

    internal void TellBroken(string cluster, string cause, string key) => LogBroken(_logger, cluster, cause, OutputText.Escape(key));

    internal void TellKept(string cluster, string cause, string key) => LogKept(_logger, cluster, cause, OutputText.Escape(key));

    internal void TellFailed(Exception exception, string key) => LogFailed(_logger, exception, OutputText.Escape(key));

    private async Task ObserveAsync(ValueTask<int> removing, string key)
    {
        try
        {
            await removing;
        }
#pragma warning disable CA1031 // nobody waits for it
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TellFailed(exception, key);
        }
    }

    private ValueTask<int> RemoveAsync(string key)
    {
        foreach (var (flight, _) in _running)
        {
            if (flight.Key == key)
            {
                EndSharing(flight);
            }
        }

        return Store.RemoveAsync(key);
    }

    /// <summary>Who asks from now on must not get what was fetched before: first nobody finds it, then it is not kept.</summary>
    private void EndSharing(Flight flight)
    {
        flight.IsObsolete = true;
        Remove(flight);
    }

    [LoggerMessage(EventId = 340, Level = LogLevel.Warning, Message = "{Cluster}: {Cause}; the answer to {Url} broke off and is not cached")]
    private static partial void LogBroken(ILogger logger, string cluster, string cause, string url);

    [LoggerMessage(EventId = 341, Level = LogLevel.Error, Message = "fetching {Url} for the cache failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string url);

    [LoggerMessage(EventId = 342, Level = LogLevel.Warning, Message = "{Cluster} {Cause}; the kept answer to {Url} is used while it may be")]
    private static partial void LogKept(ILogger logger, string cluster, string cause, string url);
}
