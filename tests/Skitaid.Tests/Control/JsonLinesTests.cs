using System.Net.Sockets;
using System.Text;
using Skitai.Configuration.Certificates;
using Skitai.Posix;
using Skitaid.Control;

namespace Skitaid.Tests.Control;

public sealed class JsonLinesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_come_out_as_they_went_in_however_the_bytes_arrive()
    {
        var (ours, theirs) = Pair();
        using var reader = new JsonLines(ours);
        using (theirs)
        {
            var bytes = Encoding.UTF8.GetBytes("{\"order\":\"drain\",\"seconds\":1.5}\n{\"order\":\"status\"}\n");
            var sending = Task.Run(
                async () =>
                {
                    foreach (var b in bytes)
                    {
                        await theirs.SendAsync(new[] { b }, Cancellation);
                    }
                },
                Cancellation);

            Assert.Equal(new InstanceOrder("drain", 1.5), await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation));
            Assert.Equal(new InstanceOrder("status"), await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation));
            await sending;
        }

        Assert.Null(await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation));
    }

    [Theory]
    [InlineData("hello\n")]
    [InlineData("null\n")]
    [InlineData("{\"order\":[]}\n")]
    [InlineData("{\"order\":\"a line that is longer than anybody needs.........................................\"}\n")]
    public async Task Garbage_and_lines_without_end_are_refused(string text)
    {
        var (ours, theirs) = Pair();
        using var reader = new JsonLines(ours, maxLine: 64);
        using (theirs)
        {
            await theirs.SendAsync(Encoding.UTF8.GetBytes(new string(' ', text.Length > 60 ? 4096 : 0) + text), Cancellation);

            await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation).AsTask());
        }
    }

    [Fact]
    public async Task Two_certificate_files_of_the_largest_size_fit_into_a_message_and_the_one_behind_it_arrives_too()
    {
        var (ours, theirs) = Pair();
        using var reader = new JsonLines(ours);
        using var writer = new JsonLines(theirs);

        // Nothing but plus signs in base 64: the character that JSON writers like to escape.
        var bytes = new byte[CertificateContent.LargestFile];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i % 3 == 0 ? 0xfb : i % 3 == 1 ? 0xef : 0xbe);
        }

        var path = "/" + new string('x', 4000);
        var sending = Task.Run(
            async () =>
            {
                var order = new InstanceOrder(InstanceOrder.Certificate, Renewed: new RenewedCertificate(path, path, bytes, bytes));
                Assert.True(await writer.WriteAsync(order, ControlJson.Default.InstanceOrder, Cancellation));
                Assert.True(await writer.WriteAsync(new InstanceOrder(InstanceOrder.Rotate), ControlJson.Default.InstanceOrder, Cancellation));
            },
            Cancellation);

        var received = await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation);
        Assert.Equal(bytes, received!.Renewed!.CertBytes);
        Assert.Equal(bytes, received.Renewed.KeyBytes);
        Assert.Equal(InstanceOrder.Rotate, (await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation))!.Order);
        await sending;
    }

    [Fact]
    public async Task Writing_to_nobody_is_told_not_thrown()
    {
        var (ours, theirs) = Pair();
        using var writer = new JsonLines(ours);
        theirs.Dispose();

        Assert.False(await writer.WriteAsync(new InstanceOrder(InstanceOrder.Stop), ControlJson.Default.InstanceOrder, Cancellation));
    }

    [Fact]
    public async Task A_message_given_up_half_way_is_sent_to_its_end_before_the_next_one()
    {
        var (ours, theirs) = Pair();
        using var reader = new JsonLines(ours, maxLine: 32 * 1024 * 1024);
        using var writer = new JsonLines(theirs);
        var bytes = new byte[4 * 1024 * 1024]; // more than any socket's buffer: nobody reads yet
        using var impatience = new CancellationTokenSource();
        var first = writer.WriteAsync(
            new InstanceOrder(InstanceOrder.Certificate, Renewed: new RenewedCertificate("/c", "/k", bytes, null)), ControlJson.Default.InstanceOrder, impatience.Token).AsTask();
        using var brief = new CancellationTokenSource();
        var dropped = writer.WriteAsync(new InstanceOrder(InstanceOrder.Rotate), ControlJson.Default.InstanceOrder, brief.Token).AsTask();

        await impatience.CancelAsync();
        await brief.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        var last = writer.WriteAsync(new InstanceOrder(InstanceOrder.Status), ControlJson.Default.InstanceOrder, Cancellation).AsTask();

        Assert.Equal(bytes, (await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation))!.Renewed!.CertBytes);
        Assert.Equal(InstanceOrder.Status, (await reader.ReadAsync(ControlJson.Default.InstanceOrder, Cancellation))!.Order);
        Assert.True(await last);
    }

    [Fact]
    public async Task A_message_that_nobody_takes_ends_with_the_socket()
    {
        var (ours, theirs) = Pair();
        using (ours)
        {
            var writer = new JsonLines(theirs);
            var order = new InstanceOrder(InstanceOrder.Certificate, Renewed: new RenewedCertificate("/c", "/k", new byte[4 * 1024 * 1024], null));
            var sending = writer.WriteAsync(order, ControlJson.Default.InstanceOrder, Cancellation).AsTask();
            var behind = writer.WriteAsync(order, ControlJson.Default.InstanceOrder, Cancellation).AsTask();
            Assert.False(sending.IsCompleted);

            writer.Dispose();

            Assert.False(await sending);
            Assert.False(await behind);
        }
    }

    private static (Socket Ours, Socket Theirs) Pair()
    {
        var (ours, theirs) = Pairs.CreateSockets();
        var socket = new Socket(new SafeSocketHandle(theirs.DangerousGetHandle(), ownsHandle: true));
        theirs.SetHandleAsInvalid();
        return (ours, socket);
    }
}
