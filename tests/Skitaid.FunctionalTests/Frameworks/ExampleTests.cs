using System.Net;
using System.Text.RegularExpressions;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Frameworks;

/// <summary>examples/etc/servers-available/frameworks.conf, on a free port: each app's page, form and stream.</summary>
public sealed partial class ExampleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_frameworks_conf_of_the_examples_serves_Django_Bottle_and_Flask()
    {
        await using var daemon = new TestDaemon();
        var port = TestDaemon.FreePort();
        daemon.WriteConf("example", await ExampleFiles.ReadConfAsync("servers-available/frameworks.conf", 5001, port));
        await daemon.StartAsync();

        var (_, page) = await daemon.GetAsync(port, "/django/");
        Assert.Contains("This page is <code>/django/</code>", page, StringComparison.Ordinal);
        var csrf = Token().Match(page).Groups["token"].Value;
        Assert.Equal((HttpStatusCode.OK, true), await GreetAsync(daemon, port, "/django/", ("csrfmiddlewaretoken", csrf)));
        Assert.Equal((HttpStatusCode.Forbidden, false), await GreetAsync(daemon, port, "/django/"));

        Assert.Contains("Mounted at <code>/bottle</code>", (await daemon.GetAsync(port, "/bottle/")).Text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, true), await GreetAsync(daemon, port, "/bottle/"));

        Assert.Contains("/flask/hello/Ada", (await daemon.GetAsync(port, "/flask/")).Text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, true), await GreetAsync(daemon, port, "/flask/"));

        foreach (var app in new[] { "django", "bottle" })
        {
            Assert.Equal((HttpStatusCode.OK, "line 1\nline 2\nline 3\nline 4\nline 5\n"), await daemon.GetAsync(port, $"/{app}/stream"));
        }
    }

    /// <summary>Sends a name; gives whether the page greets it.</summary>
    private static async Task<(HttpStatusCode Status, bool Greeted)> GreetAsync(TestDaemon daemon, int port, string path, params (string Name, string Value)[] more)
    {
        using var form = new FormUrlEncodedContent([new("name", "Zoë"), .. more.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        using var answer = await daemon.Client.PostAsync(TestApps.Url(port, path), form, Cancellation);
        return (answer.StatusCode, (await answer.Content.ReadAsStringAsync(Cancellation)).Contains("Hello, Zoë.", StringComparison.Ordinal));
    }

    [GeneratedRegex("name=\"csrfmiddlewaretoken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
