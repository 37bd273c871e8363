using System.Net;
using System.Net.Sockets;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>From names to addresses to members: at the start, with new settings, and again and again.</summary>
internal sealed partial class Cluster
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RefreshInTrouble = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefreshSoon = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _resolving = new(1); // its wait handle is never asked for: nothing to dispose of
    private readonly ITimer _namesTimer;
    private volatile Dictionary<string, HostAddresses> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private bool _hurried;

    /// <summary>Its name is asked for soon when all of its addresses are down: it may have moved. The gate is held.</summary>
    internal void MemberWentDown(Member member)
    {
        if (!_hurried && !IPAddress.TryParse(member.Settings.Host, out _) && IsAllDown(member.Settings.Host) && !_ended)
        {
            _hurried = true;
            _namesTimer.Change(RefreshSoon, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>It left, and its last request has ended.</summary>
    internal void Forget(Member member)
    {
        lock (Gate)
        {
            _leavers.Remove(member);
            _disposing.RemoveAll(static one => one.IsCompleted);
            _disposing.Add(DisposeAsync(member));
        }
    }

    private async Task DisposeAsync(Member member)
    {
        try
        {
            await member.Connections.DisposeAsync();
        }
        catch (Exception exception)
        {
            ClusterLog.UpkeepFailed(Logger, exception, Name);
        }
    }

    private async Task RefreshNamesAsync()
    {
        try
        {
            if (!await _resolving.WaitAsync(0))
            {
                return; // whoever is at it sets the timer again
            }

            try
            {
                await ResolveAsync(_settings, CancellationToken.None);
                Reconcile(_settings, Patience, renew: false, joinSlowly: true);
            }
            finally
            {
                _resolving.Release();
            }

            TellRoom();
        }
        catch (Exception exception)
        {
            ClusterLog.UpkeepFailed(Logger, exception, Name);
            ArmNamesTimer();
        }
    }

    /// <summary>Asks for all names at once. What cannot be had stays as it was.</summary>
    private async Task ResolveAsync(ClusterSettings settings, CancellationToken cancellation)
    {
        var hosts = new Dictionary<string, HostAddresses>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in settings.Members)
        {
            if (!IPAddress.TryParse(member.Host, out _) && !hosts.ContainsKey(member.Host))
            {
                hosts[member.Host] = _hosts.GetValueOrDefault(member.Host) ?? new HostAddresses(member.Host);
            }
        }

        await Task.WhenAll(from host in hosts.Values select ResolveAsync(host, settings.ConnectTimeout, cancellation));
        _hosts = hosts;
    }

    private async Task ResolveAsync(HostAddresses host, TimeSpan limit, CancellationToken cancellation)
    {
        string failure;
        try
        {
            // One that hangs is waited for again: the system's resolver cannot be called off, and would fill the thread pool.
            host.Asking ??= _resolve(host.Name, CancellationToken.None);
            var addresses = await host.Asking.WaitAsync(limit, Time, cancellation);
            host.Asking = null;
            addresses = Array.FindAll(
                addresses, one => one.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6);
            if (addresses.Length > 0)
            {
                Array.Sort(addresses, static (one, other) => string.CompareOrdinal(one.ToString(), other.ToString()));
                host.Addresses = addresses;
                if (host.Failure is not null)
                {
                    host.Failure = null;
                    ClusterLog.Resolved(Logger, Name, host.Name);
                }

                return;
            }

            failure = "it has no address";
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException) when (host.Asking is { IsCompleted: false })
        {
            failure = $"no answer within {limit.TotalSeconds:0.###} s";
        }
        catch (Exception exception)
        {
            host.Asking = null;
            failure = exception.Message;
        }

        if (host.Failure is null)
        {
            ClusterLog.Unresolved(
                Logger, Name, host.Name, host.Addresses.Length > 0 ? "its last addresses stay" : "it has no members for now", failure);
        }

        host.Failure = failure;
    }

    /// <summary>Makes the list of members what settings and resolved names say.</summary>
    /// <param name="settings">The settings from here on.</param>
    /// <param name="patience">The patience from here on.</param>
    /// <param name="renew">Whether all are connected to anew.</param>
    /// <param name="joinSlowly">Whether new ones get their share little by little.</param>
    private void Reconcile(ClusterSettings settings, TimeSpan patience, bool renew, bool joinSlowly)
    {
        var now = Time.GetTimestamp();
        var joined = new List<Member>();
        Member[] left;
        Member[] all;
        bool checksChanged;
        lock (Gate)
        {
            if (_ended)
            {
                return;
            }

            checksChanged = (settings.HealthPath, settings.HealthInterval) != (_settings.HealthPath, _settings.HealthInterval);
            var old = renew ? [] : _members;
            var replaced = _members;
            (_settings, Patience) = (settings, patience);
            var members = new List<Member>();
            foreach (var one in settings.Members)
            {
                foreach (var address in AddressesOf(one.Host))
                {
                    if (members.Exists(other => IsAt(other, one, address)))
                    {
                        continue;
                    }

                    var member = Array.Find(old, other => IsAt(other, one, address));
                    if (member is null)
                    {
                        var place = new IPEndPoint(address, one.Port);
                        member = new Member(this, one, place, _connect(settings, one, place));
                        member.SetDrained(IsDrained(member), now);
                        if (joinSlowly && !Array.Exists(replaced, other => IsAt(other, one, address)))
                        {
                            member.JoinSlowly(now);
                            ClusterLog.Joined(Logger, Name, member.Label);
                        }

                        joined.Add(member);
                    }

                    member.Settings = one;
                    members.Add(member);
                }
            }

            _members = all = [.. members];
            left = Array.FindAll(replaced, one => !members.Contains(one));
            _leavers.AddRange(left);
        }

        foreach (var member in left)
        {
            if (!renew)
            {
                ClusterLog.Left(Logger, Name, member.Label, member.InHand);
            }

            member.Leave();
        }

        foreach (var member in checksChanged ? all : [.. joined])
        {
            SetCheck(member, settings, patience, now);
        }

        ArmNamesTimer();
    }

    private void SetCheck(Member member, ClusterSettings settings, TimeSpan patience, long now)
    {
        member.Check?.Dispose();
        member.Check = null;
        member.ForgetChecks(now);
        if (settings.HealthPath is not null)
        {
            var limit = settings.ResponseTimeout ?? patience;
            member.Check = new HealthCheck(this, member, settings, limit < settings.ConnectTimeout ? limit : settings.ConnectTimeout);
            member.Check.Start();
        }
    }

    private void ArmNamesTimer()
    {
        lock (Gate)
        {
            _hurried = false;
            if (!_ended && _hosts.Count > 0)
            {
                var trouble = _hosts.Values.Any(host => host.Addresses.Length == 0 || IsAllDown(host.Name));
                _namesTimer.Change(trouble ? RefreshInTrouble : RefreshEvery, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private bool IsAllDown(string host) =>
        Array.TrueForAll(_members, one => one.IsDown || !one.Settings.Host.Equals(host, StringComparison.OrdinalIgnoreCase));

    private static bool IsAt(Member member, ClusterMember settings, IPAddress address) =>
        member.Address.Port == settings.Port
        && member.Address.Address.Equals(address)
        && member.Settings.Host.Equals(settings.Host, StringComparison.OrdinalIgnoreCase);

    private IPAddress[] AddressesOf(string host) =>
        IPAddress.TryParse(host, out var literal) ? [literal] : _hosts.GetValueOrDefault(host)?.Addresses ?? [];
}
