using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Settings;
using Skitai.Engine.Logging;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Logging;

public sealed class InstanceLogsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-log-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_entry_has_date_level_and_text_and_further_lines_are_indented()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2016, 3, 3, 3, 37, 41, TimeSpan.Zero));
        using (var logs = new InstanceLogs(_directory, console: false, time))
        {
            logs.CreateLogger("Skitai.X").LogInformation("plain");
            logs.App.LogWarning("first\r\n2016.03.03 03:37:41 [error] forged\x1b[31m\n\n");
            logs.CreateLogger("Microsoft.X").LogInformation("chatter");
            logs.Server.LogError("bad");
            Assert.Equal("bad", logs.LastError!.Text);
        }

        Assert.Equal("2016.03.03 03:37:41 [info] plain\n2016.03.03 03:37:41 [error] bad\n", await ReadAsync("server.log"));
        Assert.Equal(
            "2016.03.03 03:37:41 [warning] first\n    2016.03.03 03:37:41 [error] forged\\x1b[31m\n", await ReadAsync("app.log"));
    }

    [Fact]
    public async Task What_clients_make_kestrel_say_is_a_line_a_second_at_the_most()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2016, 3, 3, 3, 37, 41, TimeSpan.Zero));
        using (var logs = new InstanceLogs(_directory, console: false, time))
        {
            var kestrel = logs.CreateLogger("Microsoft.X");
            var fault = new InvalidOperationException("why");
            for (var i = 0; i < 1000; i++)
            {
                kestrel.Log(LogLevel.Critical, 7, "flood", fault, static (state, _) => state);
            }

            kestrel.Log(LogLevel.Warning, 8, "another kind", null, static (state, _) => state);
            time.Advance(TimeSpan.FromSeconds(1));
            kestrel.Log(LogLevel.Critical, 7, "flood", null, static (state, _) => state);
            Assert.Null(logs.LastError);
        }

        Assert.Equal(
            "2016.03.03 03:37:41 [warning] flood (InvalidOperationException: why)\n"
            + "2016.03.03 03:37:41 [warning] another kind\n"
            + "2016.03.03 03:37:42 [warning] flood (and 999 more)\n",
            await ReadAsync("server.log"));
    }

    [Fact]
    public async Task A_request_line_has_its_eighteen_fields()
    {
        await using (var instance = await StartAsync())
        {
            using var client = await RawClient.ConnectAsync(instance.Address);
            await client.SendAsync("POST /a?b=c HTTP/1.1\r\nHost: localhost:5000\r\nUser-Agent: user agent\r\nContent-Length: 3\r\n\r\nabc");
            Assert.Equal(200, (await client.ReadAsync())!.Status);
            await client.SendAsync("GET /x HTTP/1.1\r\nHost: a\r\nX-Gtxn-Id: G.1\r\nX-Ltxn-Id: 2000\r\n\r\n");
            Assert.Equal(200, (await client.ReadAsync())!.Status);
            await client.SendAsync("nonsense\r\n\r\n");
            Assert.Equal(400, (await client.ReadAsync())!.Status);
            await TestInstances.UntilAsync(() => instance.GetStatus() is { InFlight: 0, Answers4xx: 1 }, "the requests to end");
        }

        var lines = (await ReadAsync("request.log")).Split('\n');
        Assert.Matches(
            @"^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d 127\.0\.0\.1:\d+ localhost:5000 POST /a\?b=c HTTP/1\.1 200 3 1 GTID-[0-9a-f]{8}-C1-R1 1000 - - ""user agent"" \d+ms \d+ms -$",
            lines[0]);
        Assert.Contains(" G.1 3000 - - \"-\" ", lines[1], StringComparison.Ordinal);
        Assert.Matches(@"^\S+ \S+ 127\.0\.0\.1:\d+ - .* 400 0 0 - - - - ""-"" 0ms 0ms -$", lines[2]);
        Assert.Equal("", lines[3]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public async Task No_request_forges_a_line_or_a_field()
    {
        const int Rounds = 400;
        var random = new Random(11);
        await using (var instance = await StartAsync())
        {
            for (var round = 0; round < Rounds; round++)
            {
                using var client = await RawClient.ConnectAsync(instance.Address);
                await client.SendAsync(
                    $"G{Noise()} /{Noise()} HTTP/1.1\r\nHost: {(round % 2 == 0 ? "a" : Noise())}\r\nUser-Agent: {Noise()}\r\nX-Gtxn-Id: {Noise()}\r\nConnection: close\r\n\r\n");
                Assert.NotNull(await client.ReadAsync());
            }

            await TestInstances.UntilAsync(() => instance.GetStatus() is { InFlight: 0, Requests: >= Rounds }, "the requests to end");
        }

        var lines = (await ReadAsync("request.log")).TrimEnd('\n').Split('\n');
        Assert.Equal(Rounds, lines.Length);
        foreach (var line in lines)
        {
            Assert.All(line, letter => Assert.InRange(letter, ' ', '~'));
            Assert.Equal(18, Regex.Count(line, "\"[^\"]*\"|[^ \"]+", RegexOptions.None, TimeSpan.FromSeconds(1)));
            Assert.True(DateTime.TryParseExact(line[..19], "yyyy.MM.dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        }

        string Noise() => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => (char)(random.Next(3) switch
        {
            0 => " \"\\\t%-|"[random.Next(7)],
            1 => random.Next(1, 256),
            _ => random.Next('a', 'z'),
        }))).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
    }

    private async Task<string> ReadAsync(string name) =>
        await File.ReadAllTextAsync(Path.Combine(_directory, name), TestContext.Current.CancellationToken);

    private Task<Instance> StartAsync() =>
        TestInstances.StartAsync(new TextMount("/", TextMount.CountAsync), new TuneSettings(), new InstanceEnvironment { LogDirectory = _directory });
}
