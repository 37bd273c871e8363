using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// Asks one member for health_path again and again, up or down: 2xx and 3xx are well. The first time at once; out of turn when
/// the member is suspect; soon again after an answer that speaks against what is thought of it, since
/// <see cref="Member.ChecksInRow"/> of them are needed. While it is down the back-off says when, up to health_interval: it is
/// soon back, and no client's request had to find out.
/// </summary>
internal sealed class HealthCheck : IDisposable
{
    private const int LongestBody = 64 * 1024;

    private readonly Cluster _cluster;
    private readonly Member _member;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _limit;
    private readonly MemberRequest _request = new();
    private readonly ITimer _timer;
    private volatile bool _disposed;
    private int _asking;
    private int _hurried;

    /// <summary>Makes it; <see cref="Start"/> is next.</summary>
    /// <param name="cluster">Whose member it is; its settings have a health_path.</param>
    /// <param name="member">Who is asked.</param>
    /// <param name="settings">The cluster's settings.</param>
    /// <param name="limit">How long an answer may take, its body included.</param>
    public HealthCheck(Cluster cluster, Member member, ClusterSettings settings, TimeSpan limit)
    {
        (_cluster, _member, _interval, _limit) = (cluster, member, settings.HealthInterval, limit);
        _request.Target = settings.HealthPath!;
        _request.Authority = AuthorityOf(settings, member.Settings);
        _request.Headers.Add("User-Agent", "skitaid-health");
        _request.Headers.Add("Accept", "*/*");
        _timer = cluster.Time.CreateTimer(
            static state => _ = ((HealthCheck)state!).AskAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asks for the first time, on another thread.</summary>
    public void Start() => Hurry(TimeSpan.Zero);

    /// <summary>Asks out of turn, unless it is asking or was told so already.</summary>
    public void Hurry(TimeSpan wait)
    {
        if (Volatile.Read(ref _hurried) == 0 && Interlocked.Exchange(ref _hurried, 1) == 0 && !_disposed)
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true; // one that is under way ends by itself, at its limit at the latest
        _timer.Dispose();
    }

    /// <summary>The Host: the name that the member's certificate is for, else its name in the conf; the port unless it is the scheme's own.</summary>
    internal static string AuthorityOf(ClusterSettings settings, ClusterMember member)
    {
        var named = settings.SslName is { } name ? member with { Host = name } : member;
        return member.Port == (settings.Ssl ? 443 : 80) ? named.Authority[..named.Authority.LastIndexOf(':')] : named.Authority;
    }

    private async Task AskAsync()
    {
        if (_disposed || Interlocked.Exchange(ref _asking, 1) != 0)
        {
            return;
        }

        var failure = await GetFailureAsync();
        if (_disposed)
        {
            return;
        }

        var now = _cluster.Time.GetTimestamp();
        Volatile.Write(ref _asking, 0);
        Volatile.Write(ref _hurried, 0);
        var latest = failure is null ? _member.CheckPassed(now) : _member.CheckFailed(failure, now);
        var next = _interval * (0.9 + (0.2 * _cluster.Random.NextDouble()));
        next = next < latest ? next : latest;
        if (Volatile.Read(ref _hurried) == 0)
        {
            _timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task<string?> GetFailureAsync()
    {
        using var limit = new CancellationTokenSource(_limit, _cluster.Time);
        try
        {
            await using var answer = await _member.Connections.SendAsync(_request, limit.Token);
            // To its end, so that the connection can be used again.
            var read = 0;
            while (read < LongestBody && await answer.ReadAsync(limit.Token) is { Length: > 0 } bytes)
            {
                read += bytes.Length;
            }

            return answer.Status is >= 200 and < 400 ? null : $"it answered {answer.Status}";
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {_limit.TotalSeconds:0.###} s";
        }
        catch (Exception exception)
        {
            // Whatever it is: a check that ends would leave the member as it is for ever.
            return exception.Message;
        }
    }
}
