#!/usr/bin/python3
"""A requester that shares no code with this repository. It uses pika as the FSM does.

    requester.py AMQP_URI      reads one JSON command per line, writes one JSON answer or message per line

It sends jobs as the FSM does: through the exchange "re", not persistent, with only the properties that the test sets
(the FSM sets correlation_id and reply_to). Replies go to an exclusive queue that the broker names. A test can bind the
same queue to output and notifications. The broker keeps the order of one channel's messages in one queue, so they
arrive in the order in which the worker sent them.
"""
import base64
import json
import os
import queue
import sys
import threading

import pika
import pika.exceptions

NAMES = ("content_type content_encoding headers delivery_mode priority correlation_id reply_to expiration message_id "
         "timestamp type user_id app_id cluster_id").split()


class Requester:
    def __init__(self, uri):
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.commands = queue.SimpleQueue()
        self.sent = {}  # session -> the correlation ids of its jobs

    def run(self):
        threading.Thread(target=self.read, daemon=True).start()
        while True:
            try:
                self.execute(self.commands.get_nowait())
            except queue.Empty:
                sys.stdout.flush()
                self.connection.process_data_events(time_limit=1)

    def read(self):
        for line in sys.stdin:
            self.commands.put(json.loads(line))
            self.connection.add_callback_threadsafe(lambda: None)
        os._exit(0)  # the test run has ended

    def execute(self, command):
        call_id = command.pop("id", None)
        try:
            answer = getattr(self, command.pop("command"))(**command)
        except pika.exceptions.ChannelClosedByBroker as error:
            answer = {"error": f"{error.reply_code} {error.reply_text}"}
        if call_id is not None:
            write({"id": call_id, **(answer or {})})

    # -- a session: a reply queue and the messages that arrive in it

    def open(self, session, keys):
        name = self.channel.queue_declare("", exclusive=True).method.queue
        for key in keys:
            self.channel.queue_bind(name, "re", key)
        self.sent[session] = set()
        self.channel.basic_consume(
            name, lambda *message: self.receive(session, *message), auto_ack=True, consumer_tag=session)
        return {"queue": name}

    def send(self, session, exchange, key, body, properties):
        if session in self.sent:
            self.sent[session].add(str(properties.get("correlation_id")))
        properties = {name: decode(value) for name, value in properties.items()}
        self.channel.basic_publish(exchange, key, base64.b64decode(body), pika.BasicProperties(**properties))

    def receive(self, session, channel, method, properties, body):
        # the queue gets the output and the notifications of all jobs; a session wants only those of its own
        if method.exchange == "re" and properties.correlation_id not in self.sent[session]:
            return
        write({"session": session, **message(method, properties, body)})

    def close(self, session, queue_name):
        self.channel.basic_cancel(session)
        self.channel.queue_delete(queue_name)

    # -- what an operator does, each time on a new channel, because an error closes the channel

    def on_new_channel(self, action):
        channel = self.connection.channel()
        try:
            return action(channel)
        finally:
            if channel.is_open:
                channel.close()

    def declare(self, name, durable, arguments):
        self.on_new_channel(lambda channel: channel.queue_declare(name, durable=durable, arguments=arguments))

    def bind(self, name, exchange, key):
        self.on_new_channel(lambda channel: channel.queue_bind(name, exchange, key))

    def exchange(self, name, kind, durable):
        self.on_new_channel(lambda channel: channel.exchange_declare(name, kind, durable=durable))

    def count(self, name):
        declared = self.on_new_channel(lambda channel: channel.queue_declare(name, passive=True)).method
        return {"messages": declared.message_count, "consumers": declared.consumer_count}

    def get(self, name):
        method, properties, body = self.on_new_channel(lambda channel: channel.basic_get(name, auto_ack=True))
        return message(method, properties, body) if method else {}

    def delete(self, names):
        self.on_new_channel(lambda channel: [channel.queue_delete(name) for name in names])


def decode(value):
    """Returns the bytes of {"base64": ...}, which JSON cannot hold, and any other value unchanged."""
    return base64.b64decode(value["base64"]) if isinstance(value, dict) and "base64" in value else value


def message(method, properties, body):
    present = {name: getattr(properties, name) for name in NAMES if getattr(properties, name) is not None}
    return {"exchange": method.exchange, "key": method.routing_key, "redelivered": method.redelivered,
            "properties": present, "body": base64.b64encode(body).decode()}


def write(line):
    sys.stdout.write(json.dumps(line, default=str) + "\n")


if __name__ == "__main__":
    Requester(sys.argv[1]).run()
