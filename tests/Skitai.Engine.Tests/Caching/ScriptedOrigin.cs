using System.Collections.Concurrent;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Caching;

/// <summary>An origin that answers what the test says, and remembers what it was asked.</summary>
internal sealed class ScriptedOrigin : Origin
{
    private readonly ConcurrentQueue<string> _asked = new();
    private int _inside;

    /// <summary>What it answers.</summary>
    public Func<MemberRequest, CancellationToken, Task<MemberAnswer>> Script { get; set; } = (_, _) => Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole(""));

    /// <summary>What it was asked on behalf of the cache or of one client: method, target and conditions.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>How often a request was passed on as if there were no cache.</summary>
    public int Forwarded { get; private set; }

    /// <summary>Fetches that it is in use by.</summary>
    public int Inside => Volatile.Read(ref _inside);

    public override ClusterSettings Settings => Conf;

    public ClusterSettings Conf { get; set; } = new() { Name = "@test", Members = [new ClusterMember("127.0.0.1", 1)] };

    /// <summary>Always the same.</summary>
    public void Answer(string fields, string body = "content", int status = 200) =>
        Script = (_, _) => Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole(fields, body, status));

    /// <summary>One after the other; the last one again and again.</summary>
    public void AnswerInTurn(params Func<MemberAnswer>[] answers)
    {
        var turn = -1;
        Script = (_, _) => Task.FromResult(answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)]());
    }

    /// <summary>No member can be reached.</summary>
    public void Fail() => Script = (_, _) => throw new OriginException(502, "nobody is there");

    public override void Entered() => Interlocked.Increment(ref _inside);

    public override void Left() => Interlocked.Decrement(ref _inside);

    public override OriginRequest Detach(Exchange exchange)
    {
        var request = new Request(this);
        request.Message.Method = exchange.Method;
        request.Message.Target = exchange.Request.RawTarget;
        request.Message.Authority = exchange.HostHeader;
        foreach (var (name, values) in exchange.Request.Headers)
        {
            if (!TransitFields.EndsHere(name))
            {
                foreach (var value in values)
                {
                    request.Message.Headers.Add(name, value ?? "");
                }
            }
        }

        return request;
    }

    public override async ValueTask ForwardAsync(Exchange exchange, AnswerWitness witness)
    {
        Forwarded++;
        try
        {
            var request = Detach(exchange);
            await using var answer = await request.SendAsync(exchange.ClientGone);
            witness.See(exchange, answer);
            await WriteAsync(exchange, request, answer);
        }
        catch (OriginException fault)
        {
            await RefuseAsync(exchange, fault);
        }
    }

    public override async ValueTask WriteAsync(Exchange exchange, OriginRequest request, MemberAnswer answer)
    {
        Assert.True(AnswerWriter.TryWriteHead(exchange, answer));
        await new AnswerWriter(TimeSpan.FromSeconds(10), TimeProvider.System).WriteBodyAsync(exchange, answer, exchange.ClientGone);
    }

    public override ValueTask RefuseAsync(Exchange exchange, OriginException fault) => StatusPage.WriteAsync(exchange, fault.Status);

    private sealed class Request(ScriptedOrigin origin) : OriginRequest
    {
        public override MemberRequest Message { get; } = new();

        public override async ValueTask<MemberAnswer> SendAsync(CancellationToken cancellation)
        {
            var fields = string.Concat(Message.Headers.Lines.ToArray()
                .Where(field => field.Name.StartsWith("If-", StringComparison.Ordinal) || field.Name == "Range")
                .Select(field => $" {field.Name}={field.Value}"));
            origin._asked.Enqueue($"{Message.Method} {Message.Target}{fields}");
            return await origin.Script(Message, cancellation);
        }
    }
}
