using System.Net;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Servers behind one name, of which the best one at the time gets each request.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly ConnectMember _connect;
    private readonly ResolveAddresses _resolve;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private volatile Member[] _members = [];
    private int _inside;

    /// <summary>Makes it; <see cref="StartAsync"/> is next.</summary>
    /// <param name="settings">What the conf says of it.</param>
    /// <param name="patience">How long a request waits for a member with room.</param>
    /// <param name="connect">Makes the connections to an address.</param>
    /// <param name="logger">Gets what happens to members.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resolve">Asks for the addresses of names; null = the system is asked.</param>
    public Cluster(
        ClusterSettings settings,
        TimeSpan patience,
        ConnectMember connect,
        ILogger logger,
        TimeProvider time,
        ResolveAddresses? resolve = null)
    {
        (Settings, Patience, _connect, _logger, _time) = (settings, patience, connect, logger, time);
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
    }

    /// <summary>What the conf says of it; another object after <see cref="Apply"/>.</summary>
    public ClusterSettings Settings { get; private set; }

    /// <summary>How long a request waits for a member with room.</summary>
    public TimeSpan Patience { get; private set; }

    /// <summary>Its name, with the <c>@</c>.</summary>
    public string Name => Settings.Name;

    /// <summary>Those drained by hand, as <see cref="Drain"/> was told; set it before the start to begin with some.</summary>
    public IReadOnlyList<string> Drained { get; set; } = [];

    /// <summary>Resolves the members' names, for connect_timeout at most, and starts health checks. A name that cannot be resolved is asked for again later.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var members = new List<Member>();
        foreach (var member in Settings.Members)
        {
            foreach (var address in IPAddress.TryParse(member.Host, out var literal) ? [literal] : await _resolve(member.Host, cancellation))
            {
                var place = new IPEndPoint(address, member.Port);
                members.Add(new Member(member, place, member.Authority, _connect(Settings, member, place)));
            }
        }

        _members = [.. members];
    }

    /// <summary>Takes up changed settings. Members that stay keep their state, and all that is in hand goes on.</summary>
    public void Apply(ClusterSettings settings, TimeSpan patience)
    {
        (Settings, Patience) = (settings, patience);
    }

    /// <summary>
    /// Gives the request to a member, which then has one more in hand until <see cref="MemberChoice.Release"/>. Waits when all
    /// have max_connections.
    /// </summary>
    /// <returns>The member, <see cref="MemberChoice.Member"/> too; null = none may be had, <see cref="MemberChoice.Refusal"/> says why.</returns>
    /// <exception cref="OperationCanceledException">The client went away while it waited.</exception>
    public ValueTask<Member?> TakeAsync(MemberChoice choice, CancellationToken cancellation)
    {
        choice.Release();
        var members = _members;
        if (members.Length == 0)
        {
            choice.Refusal = NoMember.Unresolved;
            return new ValueTask<Member?>((Member?)null);
        }

        var member = members[choice.Tries++ % members.Length];
        member.Give();
        choice.Member = member;
        return new ValueTask<Member?>(member);
    }

    /// <summary>Gives a member nothing new from here on (drain), or requests again, slowly at first (up).</summary>
    /// <param name="member">Its label, its <c>host:port</c> as the conf has it (all its addresses), or its <c>address:port</c>.</param>
    /// <param name="drained">Which of the two.</param>
    /// <returns>False when there is no such member.</returns>
    public bool Drain(string member, bool drained) => Array.Exists(_members, one => one.Label == member) && drained;

    /// <summary>How it does now.</summary>
    public ClusterStatus GetStatus() => new(Name);

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
            await Task.Delay(TimeSpan.FromSeconds(1), _time, cancellation);
        }
        while (Volatile.Read(ref _inside) > 0);
    }

    /// <summary>Ends health checks, refuses what waits, and ends connections when their last request ends.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.Connections.DisposeAsync();
        }
    }
}
