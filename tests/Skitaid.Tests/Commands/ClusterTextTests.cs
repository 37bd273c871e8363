using System.Text;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Tests.Commands;

public sealed class ClusterTextTests
{
    private static readonly DateTimeOffset s_then = new(new DateTime(2016, 3, 3, 3, 37, 41, DateTimeKind.Local));

    private static readonly ClusterFigures s_cluster = new("@users", 2, 1, ["app.internal: no such host"],
    [
        Member("127.0.0.1:5001", "up") with { Weight = 3, EffectiveWeight = 3, InHand = 12, Requests = 123456 },
        Member("127.0.0.1:5002", "down") with { Failures = 3, LastFailure = "connection refused", LastFailureAt = s_then, DownUntil = s_then.AddSeconds(4) },
        Member("127.0.0.1:5003", "down") with { HealthCheckFails = true, LastFailure = new string('e', 500), LastFailureAt = s_then },
        Member("app:1/10.0.0.7", "slow start") with { Weight = 5, EffectiveWeight = 2 },
        Member("[::1]:80", "trial"),
        Member("[::1]:81", "down"),
        Member("127.0.0.1:5004", "drained"),
    ]);

    [Fact]
    public void Members_stand_in_a_table_with_their_state_in_plain_words() => Assert.Equal($"""
          cluster @users: 7 members; 2 requests wait; 1 request got no member's answer
            not resolved: app.internal: no such host
            MEMBER          STATE                     WEIGHT  IN HAND  REQUESTS  FAILED  LAST FAILURE
            127.0.0.1:5001  up                             3       12    123456       0  -
            127.0.0.1:5002  down until 03:37:45            1        0         0       3  2016.03.03 03:37:41 connection refused
            127.0.0.1:5003  down, health check fails       1        0         0       0  2016.03.03 03:37:41 {new string('e', 60)}...
            app:1/10.0.0.7  returning 40%                  5        0         0       0  -
            [::1]:80        trying                         1        0         0       0  -
            [::1]:81        down, tried next               1        0         0       0  -
            127.0.0.1:5004  drained                        1        0         0       0  -

        """, Text(text => ClusterText.Append(text, s_cluster, colours: false)));

    [Fact]
    public void A_cluster_that_nothing_mounts_says_so_and_no_more() =>
        Assert.Equal("  cluster @users: not mounted\n", Text(text => ClusterText.Append(text, s_cluster with { Mounted = false }, colours: true)));

    [Fact]
    public void Colours_change_nothing_else()
    {
        var text = Text(text => ClusterText.Append(text, s_cluster, colours: true));
        Assert.Contains("\e[32mup", text, StringComparison.Ordinal);
        Assert.Contains("\e[31mdown until", text, StringComparison.Ordinal);
        Assert.Contains("\e[33mdrained", text, StringComparison.Ordinal);
        Assert.Equal(
            Text(text => ClusterText.Append(text, s_cluster, colours: false)),
            text.Replace("\e[32m", "", StringComparison.Ordinal).Replace("\e[31m", "", StringComparison.Ordinal)
                .Replace("\e[33m", "", StringComparison.Ordinal).Replace("\e[1m", "", StringComparison.Ordinal).Replace("\e[0m", "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cache_is_told_with_its_room_and_what_it_was_good_for()
    {
        var cache = new CacheFigures((31 << 20) / 10, 8 << 20, 120, 512 << 20, 1 << 30, 4000, 1200, 30, 4, 12, null);
        Assert.Equal(
            """
              cache: memory 3.1 MB of 8.0 MB (120 answers), disk 512 MB of 1024 MB (4000 answers)
                1200 hits (97.6 %, 4 stale), 30 misses, 12 collapsed

            """,
            Text(text => ClusterText.Append(text, cache, colours: false)));
        Assert.Equal(
            "  cache: memory 0.0 MB of 8.0 MB (1 answer), disk 0.0 MB of 1024 MB (0 answers)\n    disk is not used: no space left on device\n",
            Text(text => ClusterText.Append(text, new CacheFigures(0, 8 << 20, 1, 0, 1 << 30, 0, 0, 0, 0, 0, "disk is not used: no space left on device"), colours: false)));
        Assert.Equal(
            "  cache: memory 0.0 MB of 8.0 MB (0 answers)\n",
            Text(text => ClusterText.Append(text, new CacheFigures(0, 8 << 20, 0, 0, 0, 0, 0, 0, 0, 0, null), colours: false)));
    }

    private static MemberFigures Member(string member, string state) => new(member, state, 1, 1, 0, 0, 0, null, null, null, false);

    private static string Text(Action<StringBuilder> append)
    {
        var text = new StringBuilder();
        append(text);
        return text.ToString();
    }
}
