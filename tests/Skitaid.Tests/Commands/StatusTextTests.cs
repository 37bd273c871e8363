using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Tests.Commands;

public sealed class StatusTextTests
{
    private static readonly DateTimeOffset Then = new(2016, 3, 3, 3, 37, 41, TimeSpan.Zero);

    [Fact]
    public void Each_app_has_a_line_with_the_state_of_its_workers_and_their_troubles_below()
    {
        var text = Table(new InstanceFigures(
            12,
            0.5,
            3,
            4,
            LogLinesLost: 7,
            [
                new MountFigures("/", "static", "/srv/www", "serving", null, 0),
                new MountFigures("/api", "app", "/srv/api:app", "serving", null, 5),
                new MountFigures("shop.example /", "app", "/srv/shop:app", "failed", "ValueError: no database", 0),
            ],
            [
                Worker("/api", 41, "ready") with { InHand = 2, SlowRequests = [new SlowRequestFigures("GET /report", 75)] },
                Worker("/api", 0, "starting") with { Restarts = 3, LastError = "killed by signal 9" },
                Worker("/api", 43, "retiring"),
                Worker("shop.example /", 0, "failed") with { LastError = "ValueError: no database" },
            ],
            [],
            [
                new CertificateFigures("*", "CN=a", "/srv/a.pem", Then, 80),
                new CertificateFigures("b.example", "CN=b", "/srv/b.pem", Then, -1),
            ]));

        Assert.Contains("\n  /api: serving, workers 41 (2 in hand), starting (3 restarts), 43 (retiring); 5 requests wait\n", text, StringComparison.Ordinal);
        Assert.Contains("\n    worker's last error: killed by signal 9\n", text, StringComparison.Ordinal);
        Assert.Contains("\n    slow, 1m 15s in 41: GET /report\n", text, StringComparison.Ordinal);
        Assert.Contains("\n  shop.example /: failed, workers failed\n    cannot serve: ValueError: no database\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("worker's last error: ValueError", text, StringComparison.Ordinal);
        Assert.Contains("\n  certificate *: 80 days left (2016.03.03), /srv/a.pem\n", text, StringComparison.Ordinal);
        Assert.Contains("\n  certificate b.example: expired (2016.03.03), /srv/b.pem\n", text, StringComparison.Ordinal);
        Assert.Contains("0 (workers 3)", text, StringComparison.Ordinal);
        Assert.Contains("\n  7 log lines are lost", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 120));
    }

    [Fact]
    public void An_endless_error_or_url_does_not_tear_the_table()
    {
        var text = Table(new InstanceFigures(
            0,
            0,
            0,
            0,
            0,
            [new MountFigures("/", "app", "/srv/api:app", "serving", null, 0)],
            [Worker("/", 41, "ready") with { LastError = new string('e', 5000), SlowRequests = [new SlowRequestFigures(new string('u', 5000), 1)] }],
            [],
            []));

        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 140));
    }

    private static WorkerFigures Worker(string mount, int pid, string state) => new(mount, pid, state, 0, 0, null, 0, 0, null, []);

    private static string Table(InstanceFigures figures) => StatusText.Table(
        new DaemonStatus("0.1.0", 40, 3600, 1 << 24, "/etc/skitaid", "/var/log/skitaid", "/var/local/skitaid", 0,
        [
            new InstanceStatus { Name = "example", State = "running", Address = "http://127.0.0.1:5000", Pid = 40, Uptime = 60, Memory = 1 << 25, Figures = figures },
        ]),
        colours: false);
}
