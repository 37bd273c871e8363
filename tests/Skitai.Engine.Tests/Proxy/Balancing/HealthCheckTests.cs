using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>health_path: members that are asked how they are.</summary>
public class HealthCheckTests
{
    private const string A = "127.0.0.1:1";
    private const string B = "127.0.0.1:2";

    private static ClusterSettings Checked => TestCluster.Settings(A, B) with { HealthPath = "/health?deep=1" };

    [Fact]
    public async Task Each_member_is_asked_at_once_and_then_every_health_interval_more_or_less()
    {
        await using var test = await TestCluster.StartAsync(Checked);
        test.Pass(0);
        Assert.All(test.Connections.Values, static one => Assert.Equal(1, one.Asked));
        test.Pass(8.9);
        Assert.All(test.Connections.Values, static one => Assert.Equal(1, one.Asked));
        test.Pass(2.2);
        Assert.All(test.Connections.Values, static one => Assert.Equal(2, one.Asked));
        for (var second = 0; second < 990; second++)
        {
            test.Pass(1);
        }

        Assert.All(test.Connections.Values, static one => Assert.InRange(one.Asked, 92, 112));
        Assert.Equal(0, test.Status(A).Requests);
    }

    [Theory]
    [InlineData("127.0.0.1:81", false, null, "127.0.0.1:81")]
    [InlineData("[::1]:81", false, null, "[::1]:81")]
    [InlineData("app:80", false, null, "app")]
    [InlineData("app:443", true, null, "app")]
    [InlineData("app:8443", true, "site.example", "site.example:8443")]
    [InlineData("10.0.0.1:443", true, "site.example", "site.example")]
    public async Task It_is_a_get_with_the_members_own_host(string member, bool ssl, string? sslName, string host)
    {
        var settings = TestCluster.Settings(member) with { HealthPath = "/health?deep=1", Ssl = ssl, SslName = sslName };
        await using var test = await TestCluster.StartAsync(settings, static test => test.Names["app"] = ["127.0.0.9"]);
        test.Pass(0);
        var request = test.Connections.Values.Single().LastRequest!;
        Assert.Equal(("GET", "/health?deep=1", host), (request.Method, request.Target, request.Authority));
        Assert.Equal("skitaid-health", request.Headers.Find("User-Agent"));
    }

    [Theory]
    [InlineData(200, "up")]
    [InlineData(204, "up")]
    [InlineData(302, "up")]
    [InlineData(404, "down")]
    [InlineData(500, "down")]
    [InlineData(null, "down")]
    public async Task The_first_check_decides_alone(int? status, string state)
    {
        await using var test = await TestCluster.StartAsync(Checked, test => test.Statuses[A] = status);
        Assert.Equal((state, state == "down"), (test.Status(A).State, test.Status(A).HealthCheckFails));
        Assert.Null(test.Status(A).DownUntil);
    }

    [Fact]
    public async Task Later_two_in_a_row_decide_a_second_apart()
    {
        await using var test = await TestCluster.StartAsync(Checked);
        test.Pass(0);
        test.Connections[A].Status = 500;
        test.Pass(11.1);
        Assert.Equal(("up", "health check: it answered 500"), (test.Status(A).State, test.Status(A).LastFailure));
        test.Pass(1);
        Assert.Equal("down", test.Status(A).State);
        Assert.Equal([B], test.Count(100).Keys);

        test.Pass(60);
        Assert.Equal([B], test.Count(100).Keys); // no request tries it
        test.Connections[A].Status = 200;
        var asked = test.Connections[A].Asked;
        for (var tick = 0; test.Connections[A].Asked == asked; tick++)
        {
            Assert.True(tick < 120);
            test.Pass(0.1);
        }

        Assert.Equal("down", test.Status(A).State);
        test.Pass(1);
        Assert.Equal("up", test.Status(A).State);
        Assert.Equal(2, test.Count(100).Count);
        Assert.Equal(
            [
                $"Warning: cluster @test: member {A} is down until its health check succeeds: it answered 500",
                $"Information: cluster @test: member {A} is back: its health check succeeds",
            ],
            test.Log);
    }

    [Fact]
    public async Task One_lost_check_takes_nobody_down()
    {
        await using var test = await TestCluster.StartAsync(Checked);
        test.Pass(0);
        for (var round = 0; round < 10; round++)
        {
            test.Connections[A].Status = 500;
            var asked = test.Connections[A].Asked;
            while (test.Connections[A].Asked == asked)
            {
                test.Pass(0.1);
            }

            test.Connections[A].Status = 200;
            test.Pass(1);
            Assert.Equal("up", test.Status(A).State);
        }
    }

    [Fact]
    public async Task A_check_that_is_not_answered_fails_after_connect_timeout()
    {
        await using var test = await TestCluster.StartAsync(
            Checked with { ConnectTimeout = TimeSpan.FromSeconds(3) }, static test => test.Statuses[A] = 0);
        test.Pass(2.9);
        Assert.Equal("up", test.Status(A).State);
        test.Pass(0.2);
        await Eventually.BecomesAsync(() => test.Status(A).State == "down");
        Assert.Equal("health check: no answer within 3 s", test.Status(A).LastFailure);
    }

    [Fact]
    public async Task A_member_that_failed_with_a_request_is_asked_at_the_end_of_its_back_off_and_no_request_has_to_try_it()
    {
        await using var test = await TestCluster.StartAsync(Checked);
        test.Pass(0);
        test.TakeDown(A);
        test.Connections[A].Status = null;
        test.Pass(1);
        Assert.Equal(2, test.Connections[A].Asked);
        Assert.Equal([B], test.Count(50).Keys);
        test.Pass(2); // the second time: from now on the check decides
        test.Connections[A].Status = 200;
        test.Pass(4);
        Assert.Equal((4, "down"), (test.Connections[A].Asked, test.Status(A).State));
        test.Pass(1);
        Assert.Equal("up", test.Status(A).State);
        Assert.Equal(1, test.Status(A).Failures);
    }

    [Fact]
    public async Task A_silent_member_is_asked_out_of_turn()
    {
        await using var test = await TestCluster.StartAsync(Checked);
        test.Pass(0);
        var slow = test.Take(token: test.Member(A).Token);
        test.Pass(2);
        Assert.True(test.Status(A).Suspect);
        Assert.Equal(B, test.Ask());
        test.Pass(0);
        Assert.Equal(2, test.Connections[A].Asked);
        Assert.False(test.Status(A).Suspect);
        slow.End();
    }

    [Fact]
    public async Task When_the_checks_of_all_members_fail_they_share_what_comes()
    {
        await using var test = await TestCluster.StartAsync(
            Checked, static test => (test.Statuses[A], test.Statuses[B]) = (500, 500));
        var choices = Enumerable.Range(0, 20).Select(_ => test.Take()).ToList();
        Assert.Equal((10, 10), (test.Member(A).InHand, test.Member(B).InHand));
        choices.ForEach(static choice => choice.Answered(200));
        choices.ForEach(static choice => choice.End());
        Assert.Equal("down", test.Status(A).State); // the check decides
    }

    [Fact]
    public async Task A_reload_can_end_and_begin_checks()
    {
        await using var test = await TestCluster.StartAsync(Checked, static test => test.Statuses[A] = 500);
        Assert.Equal("down", test.Status(A).State);
        await test.Cluster.ApplyAsync(TestCluster.Settings(A, B), TestCluster.Patience, TestContext.Current.CancellationToken);
        test.Pass(100);
        Assert.Equal(1, test.Connections[A].Asked);
        Assert.Equal(A, test.Ask()); // requests try it now
        await test.Cluster.ApplyAsync(Checked with { HealthPath = "/other" }, TestCluster.Patience, TestContext.Current.CancellationToken);
        test.Pass(0);
        Assert.Equal("/other", test.Connections[A].LastRequest!.Target);
        Assert.Equal("down", test.Status(A).State);
        await test.DisposeAsync();
        var asked = test.Connections[A].Asked;
        test.Pass(100);
        Assert.Equal(asked, test.Connections[A].Asked);
    }
}
