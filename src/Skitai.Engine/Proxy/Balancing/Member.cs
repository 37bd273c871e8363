using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Logging;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// One address of a cluster. What every request touches is here and without locks; what failures do to it is in
/// Member.Health.cs.
/// </summary>
internal sealed partial class Member
{
    /// <summary>How long it may answer nothing, with a request in hand, until it is suspect.</summary>
    internal static readonly TimeSpan SuspectAfter = TimeSpan.FromSeconds(1);

    private readonly Cluster _cluster;
    private int _inHand;
    private long _requests;
    private int _unanswered;
    private long _silentSince;
    private long _lastAnswerAt;
    private volatile bool _leaving;
    private int _disposed;

    internal Member(Cluster cluster, ClusterMember settings, IPEndPoint address, MemberConnections connections)
    {
        (_cluster, Settings, Address, Connections) = (cluster, settings, address, connections);
        Label = IPAddress.TryParse(settings.Host, out _) ? settings.Authority : $"{settings.Authority}/{address.Address}";
        LogName = OfLog($"{cluster.Name}/{Label}");
        Token = StickyToken.Of(cluster.Name, settings, address.Address);
    }

    /// <summary>What the conf says of it.</summary>
    public ClusterMember Settings { get; internal set; }

    /// <summary>Where it is.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What it is called in logs: <c>127.0.0.1:5001</c>, <c>name:5001/10.0.0.7</c>.</summary>
    public string Label { get; }

    /// <summary>What it is called in request.log: <c>@users/127.0.0.1:5001</c>.</summary>
    public byte[] LogName { get; }

    /// <summary>What a client's cookie calls it: the same after a restart and in every instance.</summary>
    public string Token { get; }

    /// <summary>The connections to it.</summary>
    public MemberConnections Connections { get; }

    /// <summary>Requests it has now.</summary>
    public int InHand => Volatile.Read(ref _inHand);

    /// <summary>Requests it was given.</summary>
    internal long Requests => Volatile.Read(ref _requests);

    /// <summary>Its health check; null = it has none.</summary>
    internal HealthCheck? Check { get; set; }

    /// <summary>A timestamp.</summary>
    internal long Now() => _cluster.Time.GetTimestamp();

    /// <summary>
    /// Whether it holds a request that it got after its last answer, for <see cref="SuspectAfter"/> and more. A request that
    /// goes out in the very moment of an answer may not be noticed; the next one is.
    /// </summary>
    internal bool IsSuspect(long now)
    {
        var since = Volatile.Read(ref _silentSince);
        return since != 0 && Volatile.Read(ref _unanswered) > 0 && _cluster.Time.GetElapsedTime(since, now) > SuspectAfter;
    }

    /// <summary>What it counts for now: less than its weight in its slow start.</summary>
    internal double WeightAt(long now)
    {
        if (_standing != Standing.Rising)
        {
            return Settings.Weight;
        }

        var slowStart = _cluster.Settings.SlowStart;
        var risen = _cluster.Time.GetElapsedTime(Volatile.Read(ref _risesSince), now);
        if (risen >= slowStart)
        {
            Interlocked.CompareExchange(ref _standing, Standing.Up, Standing.Rising);
            return Settings.Weight;
        }

        return Settings.Weight * (0.1 + (0.9 * (risen / slowStart)));
    }

    /// <summary>One more in hand, if that is no more than the limit (0 = none) and it is still of the cluster.</summary>
    internal bool TryGive(int limit)
    {
        if (limit == 0)
        {
            Interlocked.Increment(ref _inHand);
        }
        else
        {
            var seen = Volatile.Read(ref _inHand);
            while (true)
            {
                if (seen >= limit)
                {
                    return false;
                }

                var was = Interlocked.CompareExchange(ref _inHand, seen + 1, seen);
                if (was == seen)
                {
                    break;
                }

                seen = was;
            }
        }

        if (_leaving)
        {
            // Those who chose it from an older list: its connections may be disposed of already.
            DisposeIfIdle(Interlocked.Decrement(ref _inHand));
            return false;
        }

        Interlocked.Increment(ref _requests);
        return true;
    }

    /// <summary>One less in hand.</summary>
    internal void GiveBack()
    {
        DisposeIfIdle(Interlocked.Decrement(ref _inHand));
        _cluster.TellRoom();
    }

    /// <summary>It has a whole request.</summary>
    internal void NoteSent(long now)
    {
        if (Interlocked.Increment(ref _unanswered) == 1 || Volatile.Read(ref _silentSince) == 0)
        {
            Volatile.Write(ref _silentSince, now);
        }
    }

    /// <summary>It answers a request, or its health check.</summary>
    internal void NoteAnswer(long now, bool wasSent)
    {
        Volatile.Write(ref _lastAnswerAt, now);
        Volatile.Write(ref _silentSince, 0);
        if (wasSent)
        {
            Interlocked.Decrement(ref _unanswered);
        }
    }

    /// <summary>Nobody waits for its answer to a request any more.</summary>
    internal void NoteForsaken() => Interlocked.Decrement(ref _unanswered);

    /// <summary>Gets nothing more; its connections end with its last request. Not before it is out of the cluster's list.</summary>
    internal void Leave()
    {
        lock (_cluster.Gate)
        {
            _leaving = true;
            Stand();
        }

        Check?.Dispose();
        Interlocked.MemoryBarrier();
        DisposeIfIdle(InHand);
    }

    private static byte[] OfLog(string name)
    {
        const int most = 512;
        var text = new byte[(4 * most) + 3];
        return text[..LogText.Field(text, name, most)];
    }

    private void DisposeIfIdle(int inHand)
    {
        if (inHand == 0 && _leaving && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _cluster.Forget(this);
        }
    }
}
