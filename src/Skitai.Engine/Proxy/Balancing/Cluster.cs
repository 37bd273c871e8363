using System.Net;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// Servers behind one name, of which the best one at the time gets each request. Choosing takes no lock as long as nobody has
/// to wait; <see cref="Gate"/> guards everything that happens now and then.
/// </summary>
internal sealed partial class Cluster : IAsyncDisposable
{
    private readonly ConnectMember _connect;
    private readonly ResolveAddresses _resolve;
    private readonly HashSet<string> _drained = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Member> _leavers = [];
    private readonly List<Task> _disposing = [];
    private volatile ClusterSettings _settings;
    private volatile Member[] _members = [];
    private volatile bool _ended;
    private int _inside;

    /// <summary>Makes it; <see cref="StartAsync"/> is next.</summary>
    /// <param name="settings">What the conf says of it.</param>
    /// <param name="patience">How long a request waits for a member with room, and a health check for its answer at most.</param>
    /// <param name="connect">Makes the connections to an address.</param>
    /// <param name="logger">Gets what happens to members.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resolve">Asks for the addresses of names; null = the system is asked.</param>
    /// <param name="random">Decides among equals; null = the system's.</param>
    public Cluster(
        ClusterSettings settings,
        TimeSpan patience,
        ConnectMember connect,
        ILogger logger,
        TimeProvider time,
        ResolveAddresses? resolve = null,
        Random? random = null)
    {
        (_settings, Patience, _connect, Logger, Time) = (settings, patience, connect, logger, time);
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        Random = random ?? Random.Shared;
        _queueTimer = time.CreateTimer(
            static state => ((Cluster)state!).WatchQueue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _namesTimer = time.CreateTimer(
            static state => _ = ((Cluster)state!).RefreshNamesAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the conf says of it; another object after <see cref="ApplyAsync"/>.</summary>
    public ClusterSettings Settings => _settings;

    /// <summary>How long a request waits for a member with room.</summary>
    public TimeSpan Patience { get; private set; }

    /// <summary>Its name, with the <c>@</c>.</summary>
    public string Name => _settings.Name;

    /// <summary>
    /// Those drained by hand, as <see cref="Drain"/> was told. Begins with these, whether there are such members or not, when set
    /// before the start.
    /// </summary>
    public IReadOnlyList<string> Drained
    {
        get
        {
            lock (Gate)
            {
                return [.. _drained.Order(StringComparer.Ordinal)];
            }
        }

        init => _drained.UnionWith(value);
    }

    /// <summary>Guards what changes now and then: the list of members, their health, the queue.</summary>
    internal Lock Gate { get; } = new();

    internal ILogger Logger { get; }

    internal TimeProvider Time { get; }

    internal Random Random { get; }

    /// <summary>Resolves the members' names, for connect_timeout at most, and starts health checks. A name that cannot be resolved is asked for again later.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await _resolving.WaitAsync(cancellation);
        try
        {
            await ResolveAsync(_settings, cancellation);
            Reconcile(_settings, Patience, renew: false, joinSlowly: false);
        }
        finally
        {
            _resolving.Release();
        }
    }

    /// <summary>
    /// Takes up changed settings, names that are new resolved first, for connect_timeout at most. Members that stay keep their
    /// state, and all that is in hand goes on. When something changed that concerns connections, all members are connected to
    /// anew, and what is known of their health is forgotten.
    /// </summary>
    public async Task ApplyAsync(ClusterSettings settings, TimeSpan patience, CancellationToken cancellation)
    {
        await _resolving.WaitAsync(cancellation);
        try
        {
            await ResolveAsync(settings, cancellation);
            var renew = Terms(settings, patience) != Terms(_settings, Patience);
            Reconcile(settings, patience, renew, joinSlowly: true);
        }
        catch
        {
            ArmNamesTimer(); // it may have rung in vain meanwhile
            throw;
        }
        finally
        {
            _resolving.Release();
        }

        TellRoom();
    }

    /// <summary>
    /// Gives the request to a member, which then has one more in hand until <see cref="MemberChoice.Release"/>. Waits when all
    /// have max_connections, if it may.
    /// </summary>
    /// <returns>The member, <see cref="MemberChoice.Member"/> too; null = none may be had, <see cref="MemberChoice.Refusal"/> says why.</returns>
    /// <exception cref="OperationCanceledException">The client went away while it waited.</exception>
    public ValueTask<Member?> TakeAsync(MemberChoice choice, CancellationToken cancellation)
    {
        choice.Release();
        if (_queue.Count == 0)
        {
            switch (Choose(choice, Time.GetTimestamp(), impatient: false))
            {
                case Found.Member:
                    return new ValueTask<Member?>(choice.Member);
                case Found.Nothing:
                    return new ValueTask<Member?>((Member?)null);
            }
        }

        return WaitAsync(choice, cancellation);
    }

    /// <summary>A request has come to one of its mounts.</summary>
    public void Entered() => Interlocked.Increment(ref _inside);

    /// <summary>It is answered, or not going to be.</summary>
    public void Left() => Interlocked.Decrement(ref _inside);

    /// <summary>Completes when no request is inside.</summary>
    public async Task WhenUnusedAsync(CancellationToken cancellation)
    {
        // A request may have been shown the way here a moment before there was none any more.
        do
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Time, cancellation);
        }
        while (Volatile.Read(ref _inside) > 0);
    }

    /// <summary>The member that a cookie's token is for; null = there is none any more.</summary>
    public Member? Find(string token)
    {
        foreach (var member in _members)
        {
            if (member.Token == token)
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>Gives a member nothing new from here on (drain), or requests again, slowly at first (up).</summary>
    /// <param name="member">Its label, its <c>host:port</c> as the conf has it (all its addresses, those to come too), or its <c>address:port</c>.</param>
    /// <param name="drained">Which of the two.</param>
    /// <returns>False when there is no such member.</returns>
    public bool Drain(string member, bool drained)
    {
        lock (Gate)
        {
            var meant = Array.FindAll(_members, one => Names(one).Contains(member, StringComparer.OrdinalIgnoreCase));
            if (meant.Length == 0)
            {
                return false;
            }

            if (drained)
            {
                _drained.Add(member);
            }
            else
            {
                // The others of a name that was drained as a whole stay drained, each by itself.
                var others = Array.FindAll(_members, one => !meant.Contains(one) && IsDrained(one));
                foreach (var one in meant)
                {
                    _drained.ExceptWith(Names(one));
                }

                _drained.UnionWith(from one in others where !IsDrained(one) select one.Label);
            }

            var now = Time.GetTimestamp();
            foreach (var one in meant)
            {
                if (one.SetDrained(drained, now))
                {
                    Log(drained, one);
                }
            }
        }

        TellRoom();
        return true;
    }

    /// <summary>Ends health checks, refuses what waits, and ends connections, each member's when its last request ends.</summary>
    public async ValueTask DisposeAsync()
    {
        Member[] members;
        lock (Gate)
        {
            _ended = true;
            members = _members;
            _members = [];
            _leavers.AddRange(members);
        }

        await _queueTimer.DisposeAsync();
        await _namesTimer.DisposeAsync();
        TellRoom();
        foreach (var member in members)
        {
            member.Leave();
        }

        Task[] disposing;
        lock (Gate)
        {
            disposing = [.. _disposing];
        }

        await Task.WhenAll(disposing);
    }

    private void Log(bool drained, Member member)
    {
        if (drained)
        {
            ClusterLog.Drained(Logger, Name, member.Label);
        }
        else
        {
            ClusterLog.Undrained(Logger, Name, member.Label);
        }
    }

    private static string[] Names(Member member) => [member.Label, member.Settings.Authority, member.Address.ToString()];

    /// <summary>What connections are made by.</summary>
    private static (bool Ssl, bool Verify, string? CaFile, string? SslName, MemberProtocol, TimeSpan, TimeSpan, TimeSpan, TimeSpan) Terms(
        ClusterSettings settings, TimeSpan patience) =>
        (settings.Ssl, settings.Verify, settings.CaFile, settings.SslName, settings.Protocol, settings.ConnectTimeout,
            settings.ResponseTimeout ?? patience, settings.IdleTimeout, settings.TunnelTimeout);

    private bool IsDrained(Member member) => Names(member).Any(_drained.Contains);
}
