using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;

namespace Skitai.Engine;

/// <content>Takes up a changed conf by what differs: what did not change lives on.</content>
public sealed partial class Instance
{
    /// <summary>How long a request may go on in a mount that is gone.</summary>
    private static readonly TimeSpan UnusedLimit = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _reloading = new(1);
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lock _routesGate = new(); // no mount is between the routes and the farewells
    private readonly List<(Mount Mount, Task End)> _farewells = [];

    /// <summary>
    /// Takes up changed settings. New mounts are started first and old ones end when their last request is answered; a
    /// mount that is as it was keeps its workers and whatever else it has.
    /// </summary>
    /// <param name="live">What the conf says now.</param>
    /// <param name="force">Also when an app that works now would not any more.</param>
    /// <param name="cancellation">Gives it up, as long as nothing has changed yet.</param>
    public async Task<ReloadResult> ReloadAsync(LiveSettings live, bool force, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(live);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _disposing.Token);
        await _reloading.WaitAsync(either.Token);
        try
        {
            return await ReloadInTurnAsync(live.ApplyTo(_settings), force, either.Token);
        }
        finally
        {
            _reloading.Release();
        }
    }

    private async Task<ReloadResult> ReloadInTurnAsync(InstanceSettings settings, bool force, CancellationToken cancellation)
    {
        var before = _application.Routes;
        var after = new MountFactory(settings, _environment, _logs, _cache, before.Mounts).CreateAll();
        var added = Without(after, before);
        try
        {
            await Task.WhenAll(added.Select(mount => mount.StartAsync(cancellation)));
        }
        catch
        {
            await EndAsync(Unshared(added, before));
            throw;
        }

        if (!force && FirstThatFailsNow(before, after) is { } failed)
        {
            await EndAsync(Unshared(added, before));
            return new ReloadResult($"{failed.Path} works now and would not any more: {failed.Problem}");
        }

        _settings = settings;
        var gone = Without(before, after);
        lock (_routesGate)
        {
            _application.Routes = after;
            _farewells.RemoveAll(farewell => farewell.End.IsCompleted);
            foreach (var mount in Unshared(gone, after))
            {
                _farewells.Add((mount, SeeOffAsync(mount)));
            }
        }

        await ApplyToClustersAsync(settings, after);
        _cache.Configure(settings.Cache, settings.Tune.ResponseTimeout);
        var result = new ReloadResult(null, after.Mounts.Count - added.Count, added.Count, gone.Count);
        if (added.Count + gone.Count > 0)
        {
            LogReloaded(_logs.Server, result.Kept, result.Started, result.Ended);
        }

        return result;
    }

    private static List<Mount> Without(RouteTable table, RouteTable other) => [.. table.Mounts.Where(mount => !other.Mounts.Contains(mount))];

    /// <summary>Those that can be ended without harm to the mounts of a table.</summary>
    private static List<Mount> Unshared(IEnumerable<Mount> mounts, RouteTable living) =>
        [.. mounts.Where(mount => !living.Mounts.Any(mount.SharesWith))];

    /// <summary>Clusters live on with their members' health, whatever else the conf says of them now.</summary>
    private static Task ApplyToClustersAsync(InstanceSettings settings, RouteTable routes) =>
        Task.WhenAll(routes.Clusters.Select(cluster =>
            cluster.ApplyAsync(settings.Clusters.First(one => one.Name == cluster.Name), settings.Tune.ResponseTimeout, CancellationToken.None)));

    private static MountStatus? FirstThatFailsNow(RouteTable before, RouteTable after)
    {
        var working = before.GetStatus().Where(mount => mount.Problem is null).Select(mount => (mount.Host, mount.Path)).ToHashSet();
        return after.GetStatus().FirstOrDefault(mount => mount.Problem is not null && working.Contains((mount.Host, mount.Path)));
    }

    private static Task EndAsync(IEnumerable<Mount> mounts) => Task.WhenAll(mounts.Select(mount => mount.DisposeAsync().AsTask()));

    private async Task SeeOffAsync(Mount mount)
    {
        try
        {
            await mount.WhenUnusedAsync(_disposing.Token).WaitAsync(UnusedLimit, _time, CancellationToken.None);
        }
        catch (Exception impatience) when (impatience is TimeoutException or OperationCanceledException)
        {
            // Whoever is still in it is cut off.
        }

        await mount.DisposeAsync();
    }

    /// <summary>No reload is under way or begins any more, and the mounts that go are given no more time to become unused.</summary>
    private async Task EndReloadsAsync()
    {
        await _disposing.CancelAsync();
        await _reloading.WaitAsync();
    }

    private List<Mount> MountsWithThoseThatGo()
    {
        lock (_routesGate)
        {
            return [.. _application.Routes.Mounts, .. _farewells.Select(farewell => farewell.Mount)];
        }
    }

    [LoggerMessage(EventId = 135, Level = LogLevel.Information,
        Message = "changed conf taken up; mounts: {Kept} as before, {Started} started, {Ended} ended")]
    private static partial void LogReloaded(ILogger logger, int kept, int started, int ended);
}
